"""AWS's rules as pure code without I/O, written once."""
