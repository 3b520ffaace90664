"""Pure functions from model to text and cells."""
