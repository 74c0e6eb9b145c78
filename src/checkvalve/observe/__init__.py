"""What is seen: captures, protocols, and the samples that a tag map makes of them."""
