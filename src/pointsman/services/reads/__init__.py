"""Pure readers: one response dict in, model values out. Every member may be missing."""
