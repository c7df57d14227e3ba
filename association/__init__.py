"""The ground floor and the wiring of the portal."""
