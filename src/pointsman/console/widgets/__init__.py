"""Data in, messages out: no service, no registry, no attribute of the app."""
