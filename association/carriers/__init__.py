"""What takes a message out of the portal: one module for each kind, one small interface."""
