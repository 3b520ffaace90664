"""IAM: roles, kept as names. Their policies are stored and given back, and never judged."""
