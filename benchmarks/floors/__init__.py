"""Programs that the figures are measured on; each runs in a terminal of its own."""
