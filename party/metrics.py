"""Figures of the work list that the portal computes by itself: where the rooms above hand them in.

The work list stands in this room, the figures come from all of them, so that the top room
registers what it can reckon (reports/metrics.py)::

    metrics.register("pledge.rate", pledge_rate)

``compute(organisation, start, end, today)`` returns a ``Figure``, or ``None`` where there is no
data. A metric without an entry does not exist: the page then says so and asks for the figure by
hand with its day and paper. Nothing is ever taken for 0 or 100 %.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Figure:
    """What the portal found: words for the page, whether the indicator is met, where to look."""

    text: str
    is_met: bool | None = None
    note: str = ""
    url: str = ""


Compute = Callable[[Any, date, date, date], Figure | None]
_METRICS: dict[str, Compute] = {}


def register(name: str, compute: Compute) -> None:
    """Hand in a metric; a second registration of the same name replaces the first."""
    _METRICS[name] = compute


def names() -> frozenset[str]:
    """Return the metrics that exist in this installation."""
    return frozenset(_METRICS)


def figure(name: str, organisation: Any, start: date, end: date, today: date) -> Figure | None:
    """Return the figure of a period, ``None`` where no room can reckon it."""
    compute = _METRICS.get(name)
    return compute(organisation, start, min(end, today), today) if compute is not None else None


def share(done: int, of: int, *, goal: int = 100, unit: str = "", url: str = "") -> Figure | None:
    """Return a share in words (3/4，75%); ``None`` of nothing: a share of nobody is no figure."""
    if not of:
        return None
    percent = done * 100 // of
    return Figure(text=f"{done}/{of}{unit}，{percent}%", is_met=done * 100 >= goal * of, url=url)
