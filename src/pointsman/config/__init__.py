"""The configuration file: its schema, its loader, its sample."""
