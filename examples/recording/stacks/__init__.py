"""The protocol stacks that the stations run; each file wraps one public library."""
