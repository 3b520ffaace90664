"""What the screens know: frozen, slotted records and pure derivations. No I/O, no AWS shapes, no formatting."""
