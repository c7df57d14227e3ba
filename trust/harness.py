"""Registering figures, and one line for each: how many were tried, how many went wrong.

A figure is run against real servers and real processes. ``bad`` above ``limit`` fails the run.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Count:
    """What one figure found: ``n`` tried, ``bad`` of them wrong, and what was wrong with those."""

    n: int
    bad: int
    why: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Line:
    name: str
    number: str
    n: int
    bad: int
    limit: int
    seconds: float
    note: str

    @property
    def is_kept(self) -> bool:
        return self.n > 0 and self.bad <= self.limit

    def as_json(self) -> str:
        return json.dumps(self.__dict__, ensure_ascii=False)


@dataclass(frozen=True)
class Figure:
    name: str
    number: str
    limit: int
    run: Callable[[], Count]


FIGURES: dict[str, Figure] = {}
# ``--full`` runs the figures at the size that the promise names; without it a smaller one.
is_full = False


def go_full() -> None:
    global is_full
    is_full = True


def figure(name: str, *, number: str = "", limit: int = 0) -> Callable:
    """Register the function below; it returns a ``Count``. ``number`` is a second name, R1."""

    def register(run: Callable[[], Count]) -> Callable[[], Count]:
        FIGURES[name] = Figure(name, number, limit, run)
        return run

    return register


def named(word: str) -> str | None:
    """Return the figure that ``word`` names, by its name or its number."""
    return next((name for name, each in FIGURES.items() if word in {name, each.number}), None)


def counted(name: str) -> Line:
    """Run one figure; say on standard error what was wrong."""
    chosen = FIGURES[name]
    began = time.monotonic()
    count = chosen.run()
    for reason in count.why[:20]:
        say(f"{name}：{reason}")
    took = round(time.monotonic() - began, 1)
    return Line(name, chosen.number, count.n, count.bad, chosen.limit, took, count.note)


def say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def keep(lines: list[Line], now: datetime) -> Path:
    RESULTS.mkdir(exist_ok=True)
    place = RESULTS / f"{now:%Y%m%d-%H%M%S}.jsonl"
    place.write_text("".join(line.as_json() + "\n" for line in lines), encoding="utf-8")
    return place


def in_processes(run: Callable[..., Any], *shares: tuple) -> list[int]:
    """Run ``run(*share)`` for each share in a process of its own, all at once; their exit codes.

    The caller closes its database connection first: a child must not inherit it.
    """
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=run, args=share) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [int(process.exitcode or 0) for process in processes]
