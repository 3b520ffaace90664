"""Lean output: what Textual writes to the terminal, reduced to the cells that changed."""
