"""STS: who the caller is, and short-lived keys."""
