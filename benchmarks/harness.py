"""Registering benchmarks, timing two ways of doing the same in turns, and one line per figure.

A figure is a ratio: ours against a stated floor (``limit``), both measured in the same run, in
turns, so that a noisy machine disturbs both alike. Never an absolute time.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

RUNS = 3
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Figure:
    """One line of the result. ``goal`` is the largest ratio that still meets it.

    ``unit`` is ``s`` unless said otherwise; ``more`` holds what explains the figure.
    """

    job: str
    size: int
    ours: float
    limit: float
    goal: float | None
    unit: str = "s"
    peer: float | None = None
    peak_mb: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.limit if self.limit else float("inf")

    @property
    def is_met(self) -> bool:
        return self.goal is None or self.ratio <= self.goal

    def as_dict(self) -> dict[str, Any]:
        line: dict[str, Any] = {
            "job": self.job,
            "size": self.size,
            f"ours_{self.unit}": rounded(self.ours),
            f"limit_{self.unit}": rounded(self.limit),
            "ratio": rounded(self.ratio),
            "goal": self.goal,
            "met": self.is_met,
        }
        if self.peer is not None:
            line |= {
                f"peer_{self.unit}": rounded(self.peer),
                "peer_ratio": rounded(self.peer / self.ours),
            }
        if self.peak_mb is not None:
            line["peak_mb"] = round(self.peak_mb)
        return line | self.more


@dataclass(frozen=True)
class Benchmark:
    """A name, the sizes it runs at by default, and what yields its figures for a size."""

    name: str
    sizes: tuple[int, ...]
    run: Callable[[int], Iterable[Figure]]
    across: Callable[[list[Figure]], Iterable[Figure]] | None = None


BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(
    name: str,
    *,
    sizes: tuple[int, ...],
    across: Callable[[list[Figure]], Iterable[Figure]] | None = None,
) -> Callable:
    """Register the function below; ``across`` compares the figures of all sizes afterwards."""

    def register(run):
        BENCHMARKS[name] = Benchmark(name, sizes, run, across)
        return run

    return register


def rounded(number: float) -> float:
    """Three significant places are more than a shared machine can tell."""
    return float(f"{number:.3g}")


def seconds(do: Callable[[], Any]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def in_turns(*ways: Callable[[], Any], runs: int = RUNS) -> list[float]:
    """Return the median seconds of each way; the ways take turns ``runs`` times."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(runs):
        for way, found in zip(ways, times, strict=True):
            found.append(seconds(way))
    return [median(found) for found in times]


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which ``share`` (0.95) of the values lie."""
    in_order = sorted(values)
    return in_order[min(int(len(in_order) * share), len(in_order) - 1)]


def peak_of_children_mb() -> float:
    """Return the largest memory that any finished child process of ours has held."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def say(words: str) -> None:
    """What a person may want to see meanwhile; the figures alone go to standard output."""
    print(f"  {words}", file=sys.stderr, flush=True)


def measured(names: list[str], size: int | None) -> Iterator[Figure]:
    """Run the named benchmarks, at one size or at their own."""
    for name in names:
        chosen = BENCHMARKS[name]
        found: list[Figure] = []
        for each in [size] if size is not None else chosen.sizes:
            say(f"{name}，规模 {each:,}")
            for figure in chosen.run(each):
                found.append(figure)
                yield figure
        if chosen.across is not None:
            yield from chosen.across(found)


def keep(figures: list[Figure], now: datetime) -> Path:
    """Write the lines beside the earlier ones, one file a run."""
    RESULTS.mkdir(exist_ok=True)
    place = RESULTS / f"{now:%Y%m%d-%H%M%S}.jsonl"
    lines = [json.dumps(figure.as_dict(), ensure_ascii=False) for figure in figures]
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place
