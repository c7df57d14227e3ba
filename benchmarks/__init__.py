"""How fast the portal is, as ratios measured in one run: ``./portal bench [NAME…] [--size S]``."""
