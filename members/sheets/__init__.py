"""Sheets that go into a register: what kinds there are, and how one is taken apart.

A room makes its sheets known from ``AppConfig.ready``::

    sheets.register(SheetKind("shops", "药店名册", …))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.permissions import allowed
from accounts.roles import Permission
from association.sheet_layout import Target
from members.sheets.values import Reader

Fault = Sequence[str]  # column, what is wrong, words for the sentence


@dataclass(frozen=True)
class Column:
    """What one column of a register's sheet holds.

    ``plain`` is a regular expression of the database: a text that matches it and is no longer
    than ``longest`` is its own value and need not be read. Without it every text is read.
    ``keys`` asks for the keys of a name (folded, initials, sort), ``folds`` for the folded
    writing of what is not plain.
    """

    target: Target
    read: Reader
    how_to_write: str = ""
    note: str = ""
    plain: str = ""
    longest: int = 200
    keys: bool = False
    folds: bool = False
    is_required: bool = False
    choices: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)  # value → word, where they differ
    width: int = 14

    @property
    def code(self) -> str:
        return self.target.code

    @property
    def label(self) -> str:
        return self.target.label


@dataclass(frozen=True)
class Undone:
    """What an undo took back, and what had to stay: ``(row number, record, why)``."""

    counts: Mapping[str, int]
    left: Sequence[tuple[int, str, str]] = ()


@dataclass(frozen=True)
class SheetKind:
    """One kind of sheet and what its room does with it.

    ``verdicts(batch)`` returns the query that judges the rows (see ``staging.judge``);
    ``remarks(batch)`` what else the person should know; ``write`` and ``undo`` change the
    register within the caller's transaction; ``faults`` maps each fault to its sentence and to
    what to do about it.
    """

    code: str
    label: str
    unit: str
    permission: Permission
    columns: tuple[Column, ...]
    faults: Mapping[str, tuple[str, str]]
    verdicts: Callable
    write: Callable[..., dict]
    undo: Callable[..., Undone]
    # Keeps other writers of the register out while it is compared and written.
    lock: str
    # What a row is called on the page, and a word beside it.
    title: Callable[[Sequence[str | None], Mapping[int, str]], tuple[str, str]]
    in_title: frozenset[str] = frozenset({"name"})
    remarks: Callable[..., dict] = field(default=lambda batch: {})
    # Where the column on the left is missing, the one on the right was meant.
    instead: Mapping[str, str] = field(default_factory=dict)
    # By what a record is known again, in this order; for the page.
    keys: tuple[str, ...] = ()
    # The column that holds the number of another register, if there is one.
    source_column: str = ""
    example: tuple[str, ...] = ()
    not_in_template: frozenset[str] = frozenset()
    page: str = ""  # address name of one record
    record: str = "记录"  # what one of them is called

    @property
    def targets(self) -> list[Target]:
        return [column.target for column in self.columns]

    def place(self, code: str) -> int:
        """Return where the column stands in the values of a row, counted from 1."""
        return next(at for at, column in enumerate(self.columns, 1) if column.code == code)

    def column(self, code: str) -> Column:
        return self.columns[self.place(code) - 1]

    def sentence(self, fault: Fault) -> tuple[str, str]:
        """Return what is wrong and what to do, in the words of the office."""
        _column, name, *said = fault
        reason, hint = self.faults[name]
        return reason.format(*said), hint.format(*said)


_KINDS: dict[str, SheetKind] = {}


def register(kind: SheetKind) -> None:
    """Add a kind of sheet; a second registration of the same code replaces the first."""
    _KINDS[kind.code] = kind


def kind_of(batch) -> SheetKind:
    """Return the kind of a batch."""
    return _KINDS[batch.kind]


def kind_named(code: str) -> SheetKind | None:
    return _KINDS.get(code)


def kinds_for(user) -> list[SheetKind]:
    """Return the kinds of sheet that the person may import, in the order of registration."""
    return [kind for kind in _KINDS.values() if allowed(user, kind.permission)]
