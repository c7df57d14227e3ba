"""The parts of a rating scheme as frozen dataclasses; docs/rating.md tells what each may say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

METHODS = {
    "bool": "有无制",
    "level": "分档制",
    "deduct": "扣分制",
    "ratio": "比率制",
    "measured": "实测制",
    "points": "直接计分",
}
SCORERS = {
    "owner": "药店自评，评审员复核",
    "reviewer": "评审员",
    "department": "主管部门",
    "public": "群众评价",
    "system": "系统统计",
}
# The widget of an item on the owner's form follows from its method.
WIDGETS = {
    "bool": "yes_no",
    "level": "choice",
    "deduct": "count",
    "ratio": "actual_of_due",
    "measured": "number",
    "points": "number",
}
OPERATORS = {"gte": "不低于", "gt": "高于", "lte": "不高于", "lt": "低于"}


@dataclass(frozen=True, slots=True)
class Level:
    """One named level of an item and the points it earns."""

    name: str
    points: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a measured item; ``op`` is ``gte``, ``lte`` or ``otherwise`` (no limit)."""

    op: str
    limit: Decimal
    points: Decimal
    name: str


@dataclass(frozen=True, slots=True)
class SmallSample:
    """What stands in when fewer than ``below`` answers were counted.

    ``use`` is ``not_applicable``, ``points`` (take ``value`` points), ``ratio`` (take that share
    of the full marks) or ``missing`` (the result stays incomplete).
    """

    below: int
    use: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the scheme: what is looked at, who says so, and how it becomes points."""

    code: str
    name: str
    method: str
    scorer: str
    full: Decimal
    good: str = "high"
    weight: Decimal = Decimal(1)
    key: bool = False
    passes_at: Decimal | None = None
    na: bool = False
    effort: int = 2
    regainable: bool = True
    levels: tuple[Level, ...] = ()
    steps: tuple[Step, ...] = ()
    each: Decimal | None = None
    floor: Decimal = Decimal(0)
    target: Decimal | None = None
    zero_at: Decimal | None = None
    none_due: str = "refuse"
    lower: Decimal = Decimal(0)
    upper: Decimal = Decimal(0)
    allowed: tuple[Decimal, ...] = ()
    small_sample: SmallSample | None = None
    evidence: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    guidance: str = ""
    note: str = ""

    @property
    def widget(self) -> str:
        """Return the name of the control on the owner's form."""
        return WIDGETS[self.method]


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One gate of a band: a number of the result against a limit."""

    of: str
    op: str
    need: Decimal
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """A row of the table of stars: all its conditions must hold; the first such row wins."""

    stars: int
    conditions: tuple[Condition, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the parts that add up to the total.

    ``share`` is None when the dimension brings its own points, else the share of the full
    marks that its ratio is worth.
    """

    code: str
    name: str
    combine: str
    full: Decimal
    items: tuple[Item, ...]
    share: Decimal | None = None
    ceiling: Decimal | None = None
    stars: tuple[Band, ...] = ()
    small_sample: SmallSample | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the owner's form, with the minutes it should take."""

    code: str
    name: str
    items: tuple[str, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class BonusLine:
    """Points for one kind of good work: ``each`` per time, ``cap`` at most."""

    code: str
    name: str
    each: Decimal
    cap: Decimal
    effort: int = 2
    regainable: bool = True
    evidence: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class SwitchOff:
    """The line of lost points beyond which bonus no longer counts, except for some lines."""

    lost_in: tuple[str, ...]
    over: Decimal
    exempt: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bonus:
    """All bonus lines with their overall cap and limits."""

    lines: tuple[BonusLine, ...] = ()
    cap: Decimal | None = None
    max_extra_stars: int | None = None
    switch_off: SwitchOff | None = None


@dataclass(frozen=True, slots=True)
class VetoRule:
    """An act that rules stars out; ``months`` is how long where the decision names no end."""

    code: str
    name: str
    effect: str
    cap: int | None = None
    months: int | None = None
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    """How the sum is held within limits and rounded before it is compared."""

    full: Decimal
    good: str = "high"
    lower: Decimal | None = None
    upper: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rounding:
    """Places kept at each stage; ``mode`` is a rounding mode of ``decimal``."""

    item: int = 1
    dimension: int = 1
    total: int = 1
    mode: str = "ROUND_HALF_UP"


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """What happens to the marks of an item that does not apply.

    ``rule`` is ``scale`` (the dimension keeps its weight, the rest is scaled up) or ``shrink``
    (the divisor shrinks and with it the weight of the dimension).
    """

    rule: str = "scale"
    need_reason: bool = True


@dataclass(frozen=True, slots=True)
class AdjustmentStep:
    """Add stars when the stars of a dimension stand on one side of a limit."""

    dimension: str
    op: str
    stars: int
    above_start: bool
    add: int
    label: str


@dataclass(frozen=True, slots=True)
class StartLimit:
    """When the first dimension has at most ``start`` stars, all steps add at most ``add``."""

    start: int
    add: int


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Stars that begin with one dimension and move up or down by the others."""

    start: str
    steps: tuple[AdjustmentStep, ...]
    lowest: int
    highest: int
    limits: tuple[StartLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A reason not to be rated: no star, no rank, no average."""

    code: str
    name: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Periods:
    """A year made of shorter results: how many, and how they become one."""

    count: int
    combine: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Scheme:
    """A whole scheme version as the engine reads it; ``hash`` is that of its document."""

    code: str
    name: str
    version: str
    hash: str
    dimensions: tuple[Dimension, ...]
    total: Total
    rounding: Rounding = field(default_factory=Rounding)
    not_applicable: NotApplicable = field(default_factory=NotApplicable)
    sections: tuple[Section, ...] = ()
    bonus: Bonus = field(default_factory=Bonus)
    vetoes: tuple[VetoRule, ...] = ()
    bands: tuple[Band, ...] = ()
    adjustments: Adjustments | None = None
    statuses: tuple[Status, ...] = ()
    periods: Periods | None = None
    legal: Mapping[str, Any] = field(default_factory=dict)
    basis_legend: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def items(self) -> tuple[Item, ...]:
        """Return every item of every dimension, in the order of the document."""
        return tuple(item for dimension in self.dimensions for item in dimension.items)

    def item(self, code: str) -> Item:
        """Return the item ``code``; KeyError when the scheme has none."""
        for item in self.items:
            if item.code == code:
                return item
        raise KeyError(code)
