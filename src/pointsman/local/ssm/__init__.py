"""SSM Parameter Store: named values with versions; a SecureString is kept like the others, and says what it is."""
