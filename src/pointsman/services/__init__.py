"""Use cases: response dicts become model values here (reads/), and polling lives here (feeds)."""
