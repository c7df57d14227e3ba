"""What the portal promises when things go wrong, as counted figures: ``./portal trust [NAME…]``."""
