"""pf, and the products around it: OPNsense and pfSense."""
