"""Reads of the activities room, and what it answers to the rooms above."""

from activities.queries.credits import charity_credits
from activities.queries.matrix import completion_matrix, six_ones_matrix

__all__ = ["charity_credits", "completion_matrix", "six_ones_matrix"]
