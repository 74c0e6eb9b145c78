"""The public conformance kit: what every part owes, as code, for members of your own too."""
