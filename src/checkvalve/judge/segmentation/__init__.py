"""What rule sets permit, exactly: from where to where, for what, when, and by which line."""
