"""Checks of who may do what when: grants and process modes."""
