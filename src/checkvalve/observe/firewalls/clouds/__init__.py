"""Clouds: the security groups of AWS, Azure and GCP."""
