"""From findings to incidents that a person can act on: which, how urgent, and why."""
