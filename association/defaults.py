"""Default content: what a fresh installation needs beside its tables, loaded by load_defaults.

Each room keeps its documents in ``<room>/content/`` and registers in ``<room>/default_content.py``
a function that enters them through its own actions. Loading again changes nothing that is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from django.conf import settings
from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True)
class Default:
    """One part of the content; ``load(now)`` returns how many records are new."""

    order: int
    title: str
    load: Callable[[datetime], int]


DEFAULTS: dict[str, Default] = {}


def default(order: int, title: str) -> Callable:
    """Register the function below; 10 working days, 20 pledges, 30 activities, 40 schemes."""

    def register(load):
        DEFAULTS[f"{load.__module__}.{load.__name__}"] = Default(order, title, load)
        return load

    return register


def read_content(room: str, name: str):
    """Return the YAML document ``<room>/content/<name>``."""
    path = Path(settings.BASE_DIR) / room / "content" / name
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def load_all(*, now: datetime) -> list[tuple[str, int]]:
    """Load every part in order; return title and number of new records of each."""
    autodiscover_modules("default_content")
    parts = sorted(DEFAULTS.items(), key=lambda item: (item[1].order, item[0]))
    return [(part.title, part.load(now)) for _, part in parts]
