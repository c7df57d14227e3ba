"""What ``./portal`` does: set up, start, stop, test. Standard library only, no Django."""
