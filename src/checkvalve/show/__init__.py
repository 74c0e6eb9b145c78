"""What people see: the command line, the console and reports."""
