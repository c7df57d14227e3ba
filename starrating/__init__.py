"""Schemes, cycles, assessments and results: how a shop comes by its stars."""
