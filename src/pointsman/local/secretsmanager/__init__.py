"""Secrets Manager: secrets with staged versions."""
