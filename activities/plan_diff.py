"""What changed between two versions of a plan, in words: pure, on plain rows.

A row is ``{"id", "title", "day", "time", "place", "duties"}`` with ISO texts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Row = Mapping[str, Any]
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Change:
    """One difference: what kind, and the sentence for people."""

    kind: str  # added, moved, changed, dropped
    words: str
    day: str


def differences(before: Iterable[Row], after: Iterable[Row]) -> list[Change]:
    """Return the differences in the order of their days."""
    old, new = ({row["id"]: row for row in rows} for rows in (before, after))
    changes = [
        Change("added", f"新增 {_day(row['day'])} {row['title']}", row["day"])
        for key, row in new.items()
        if key not in old
    ]
    changes += [
        Change("dropped", f"取消 {_day(row['day'])} {row['title']}", row["day"])
        for key, row in old.items()
        if key not in new
    ]
    for key in old.keys() & new.keys():
        changes += _between(old[key], new[key])
    return sorted(changes, key=lambda change: (change.day, change.kind, change.words))


def _between(old: Row, new: Row) -> list[Change]:
    found = []
    if old["day"] != new["day"]:
        words = f"{new['title']}从 {_day(old['day'])}改到 {_day(new['day'])}"
        found.append(Change("moved", words, new["day"]))
    said = []
    if old["title"] != new["title"]:
        said.append(f"名称由“{old['title']}”改为“{new['title']}”")
    if old["time"] != new["time"]:
        said.append(f"时间由{old['time'] or '未定'}改为{new['time'] or '未定'}")
    if old["place"] != new["place"]:
        said.append(f"地点由{old['place'] or '未定'}改为{new['place'] or '未定'}")
    if old["duties"] != new["duties"]:
        said.append("计入的任务有变")
    if said:
        words = f"{_day(new['day'])} {new['title']}：{'，'.join(said)}"
        found.append(Change("changed", words, new["day"]))
    return found


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"
