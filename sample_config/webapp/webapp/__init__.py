"""A tiny web application: a page that says who is greeted, and which build is talking."""
