"""What rule sets let pass, as checks ask for it and say it."""
