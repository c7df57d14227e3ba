"""Which of the papers that a duty asks for are there: pure rules on their names.

The names are the secretariat's own words (``照片``, ``签到``, ``受益人数``). Some are facts of the
record, some are shown by the list of those who came, the rest by a paper filed under the name.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

EVERYTHING = "*"  # one paper filed for all that was asked
PHOTO = ("照片",)
LIST = ("签到", "名单", "参与人", "参会")
HOURS = ("时长", "学时")
HEADS = ("人数", "听众")
MINUTES = (
    "议题",
    "议程",
    "纪要",
    "记录",
    "上周完成",
    "本周任务",
    "责任人",
    "决议",
    "小结",
    "总结",
    "汇总",
    "要点",
)
RECORD_ITSELF = ("场次",)


@dataclass(frozen=True)
class OnFile:
    """What a record has: the names its papers are filed under, and the facts beside them."""

    filed: frozenset[str] = frozenset()
    has_photo: bool = False
    has_list: bool = False
    has_hours: bool = False
    has_heads: bool = False
    has_minutes: bool = False


def missing(asked: Iterable[str], on_file: OnFile) -> list[str]:
    """Return the names among ``asked`` that nothing on file shows, in their order, once each."""
    if EVERYTHING in on_file.filed:
        return []
    return list(dict.fromkeys(name for name in asked if not _is_shown(name, on_file)))


def _is_shown(name: str, on_file: OnFile) -> bool:
    return (
        name in on_file.filed
        or _says(name, RECORD_ITSELF)
        or (on_file.has_photo and _says(name, PHOTO))
        or (on_file.has_list and _says(name, LIST))
        or (on_file.has_hours and _says(name, HOURS))
        or (on_file.has_heads and _says(name, HEADS))
        or (on_file.has_minutes and _says(name, MINUTES))
    )


def _says(name: str, words: Collection[str]) -> bool:
    return any(word in name for word in words)


def wants_paper(name: str) -> bool:
    """Return whether a paper has to be filed under ``name``: the record cannot say it itself."""
    return not _says(name, (*RECORD_ITSELF, *HOURS, *HEADS))
