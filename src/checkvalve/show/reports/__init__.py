"""Reports: where the plant stands, for people who did not watch; one report a file."""
