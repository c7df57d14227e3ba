"""Member units, their pharmacies and the people who answer for them."""
