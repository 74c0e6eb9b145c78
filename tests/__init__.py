"""The tests: one file for each file of the package, and one for each promise of the whole."""
