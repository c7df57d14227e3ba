"""What is found against a shop: violations that may veto a rating, established by two people."""
