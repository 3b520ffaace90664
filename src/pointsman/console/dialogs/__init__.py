"""Dialogs generated from an operation's declaration."""
