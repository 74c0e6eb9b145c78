"""Measures of speed and memory, beside public tools, in one run."""
