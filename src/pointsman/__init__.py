"""Pointsman: a terminal operations console for delivery and observability on AWS."""

__version__ = "0.1.0"
