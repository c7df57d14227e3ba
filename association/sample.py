"""The invented story that the demo tells: each room writes its chapter in ``<room>/sample.py``.

A chapter does through the room's own actions what people would have done, dated with ``now=``,
so that the demo shows nothing the product cannot do. Names are invented and start with 示例.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from association.models import AuditEvent

TOLD = "sample.chapter_told"


@dataclass(frozen=True)
class Chapter:
    """What one room adds to the story; ``tell(story)`` runs in one transaction, once."""

    order: int
    name: str
    title: str
    tell: Callable[["Story"], None]


@dataclass(frozen=True)
class Login:
    """An account that the demo shows on its first screen, with the page it opens on."""

    role: str
    label: str
    login: str
    password: str
    home: str = "/"


CHAPTERS: dict[str, Chapter] = {}
LOGINS: dict[str, Login] = {}
SOURCES: dict[str, Callable[["Story"], list]] = {}


def chapter(order: int, title: str) -> Callable:
    """Register the function below as a chapter; ``order`` is that of the year in the office.

    10 areas and people, 20 register, 30 pledges, 40 activities, 50 rating, 60 what follows.
    """

    def register(tell):
        name = f"{tell.__module__}.{tell.__name__}"
        CHAPTERS[name] = Chapter(order, name, title, tell)
        return tell

    return register


def source(kind: str) -> Callable:
    """Register the function below as what ``story.records(kind)`` returns."""

    def register(find):
        SOURCES[kind] = find
        return find

    return register


def login(key: str, *, role: str, label: str, login: str, password: str, home: str = "/") -> Login:
    """Name a demo account; ``story.user(key)`` finds it once its chapter has made it."""
    LOGINS[key] = Login(role, label, login, password, home)
    return LOGINS[key]


@dataclass
class Story:
    """What a chapter may lean on. ``now`` is the end of the story; no chapter acts later.

    The state of the story is the database: a run that broke off goes on where it stopped.
    """

    now: datetime
    size: int = 96
    seed: int = 20261101

    def rng(self, chapter: str) -> random.Random:
        """Return the dice of one chapter: the same in every run, whatever the others throw."""
        return random.Random(f"{self.seed}:{chapter}")  # noqa: S311 -- a story, not a secret

    def days_ago(self, days: int, *, hour: int = 10, minute: int = 0) -> datetime:
        """Return that time of day ``days`` days before the end, never after the end."""
        day = timezone.localtime(self.now) - timedelta(days=days)
        moment = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return min(moment, self.now)

    def user(self, key: str):
        """Return the demo account ``key``: secretary, second_secretary, reviewer, owner …"""
        return get_user_model().objects.get(username=LOGINS[key].login)

    def records(self, kind: str) -> list:
        """Return what the room behind ``kind`` made in its chapter."""
        return SOURCES[kind](self)

    @cached_property
    def shops(self) -> list:
        """Every invented shop, in the order in which it was entered."""
        return self.records("shops")


def discover() -> None:
    """Read ``sample.py`` of every room."""
    autodiscover_modules("sample")


def tell(story: Story, *, say: Callable[[str], None] = lambda line: None) -> list[Chapter]:
    """Tell the chapters that this database has not heard yet; return those told now.

    Each chapter is one transaction and leaves a line in the audit trail, so that a second run
    does nothing and a run that broke off goes on with the next chapter.
    """
    discover()
    heard = set(AuditEvent.objects.filter(act=TOLD).values_list("target_id", flat=True))
    in_order = sorted(CHAPTERS.values(), key=lambda c: (c.order, c.name))
    new = [c for c in in_order if c.name not in heard]
    for each in new:
        say(each.title)
        with transaction.atomic():
            each.tell(story)
            _remember(each, story.now)
    return new


def _remember(chapter: Chapter, now: datetime) -> None:
    AuditEvent.objects.create(
        act=TOLD,
        actor_id="",
        actor_label="系统",
        target_model="association.sample",
        target_id=chapter.name[:64],
        target_label=chapter.title,
        detail={"order": chapter.order},
        happened_at=now,
    )
