"""What the rules say about the shape of the tree: parents, sizes, terms, seats, advice. Pure.

Nothing here changes anything: the portal advises, the Party organisation above decides.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from party.rule_book import RuleBook

INTEGRATED, COMMITTEE, GENERAL = "integrated_committee", "committee", "general_branch"
BRANCH, JOINT, GROUP = "branch", "joint_branch", "group"
# Which kinds may stand directly under which; the topmost has its superior outside the portal.
PARENTS: dict[str, frozenset[str]] = {
    INTEGRATED: frozenset(),
    COMMITTEE: frozenset({INTEGRATED, COMMITTEE}),
    GENERAL: frozenset({INTEGRATED, COMMITTEE}),
    BRANCH: frozenset({INTEGRATED, COMMITTEE, GENERAL}),
    JOINT: frozenset({INTEGRATED, COMMITTEE, GENERAL}),
    GROUP: frozenset({BRANCH, JOINT}),
}
COMMITTEE_SEATS = ("secretary", "organisation", "publicity", "discipline")


def may_stand_under(kind: str, parent: str | None) -> bool:
    """Return whether an organisation of ``kind`` may stand under one of ``parent`` (or on top)."""
    if parent is None:
        return kind != GROUP
    return parent in PARENTS[kind]


def years_later(day: date, years: int) -> date:
    """Return the same day ``years`` later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def term_warning(ends_on: date | None, today: date, watch: Sequence[int]) -> int | None:
    """Return the mark that the end of the term has passed: 180, 90, 60, 30 or 0 (over).

    ``None`` while it is far, or where no term is on record.
    """
    if ends_on is None:
        return None
    left = (ends_on - today).days
    if left < 0:
        return 0
    return min((mark for mark in watch if left <= mark), default=None)


def seats_wanted(kind: str, has_committee: bool) -> tuple[str, ...]:
    """Return the posts that must be filled in an organisation of this kind."""
    if kind == GROUP:
        return ("group_leader",)
    return COMMITTEE_SEATS if has_committee else ("secretary",)


@dataclass(frozen=True)
class Vacancy:
    """A post without a holder, and since when; ``since`` is empty where nobody ever held it."""

    role: str
    since: date | None

    def days(self, today: date) -> int | None:
        """Return how many days it has been empty."""
        return None if self.since is None else (today - self.since).days


@dataclass(frozen=True)
class Sizes:
    """What is counted of an organisation for the advice."""

    kind: str
    members: int
    full_members: int
    units: int
    committee_members: int
    has_committee: bool


def advice(sizes: Sizes, rules: RuleBook) -> list[str]:
    """Return what the rules suggest for this organisation, in whole sentences."""
    said = []
    if sizes.kind in (BRANCH, JOINT):
        said += _branch_advice(sizes, rules)
    if sizes.kind == GENERAL and sizes.members >= rules.committee_from_members:
        said.append(
            f"党员 {sizes.members} 名，已达 {rules.committee_from_members} 名，"
            "可向上级请示设立基层党委。"
        )
    return said


def _branch_advice(sizes: Sizes, rules: RuleBook) -> list[str]:
    said = []
    least, most = rules.committee_size
    if sizes.full_members < rules.branch_from and sizes.kind == BRANCH:
        said.append(
            f"正式党员 {sizes.full_members} 名，不足 {rules.branch_from} 名，"
            "请与邻近单位商量成立联合党支部。"
        )
    if sizes.members > rules.branch_up_to:
        said.append(
            f"党员 {sizes.members} 名，超过 {rules.branch_up_to} 名，可向上级请示设立党总支。"
        )
    if sizes.kind == JOINT and sizes.units > rules.joint_units:
        said.append(f"覆盖单位 {sizes.units} 家，一般不超过 {rules.joint_units} 家，请考虑分设。")
    if sizes.full_members >= rules.committee_from and not sizes.has_committee:
        said.append(
            f"正式党员 {sizes.full_members} 名，已达 {rules.committee_from} 名，"
            "应当设立支部委员会。"
        )
    if sizes.full_members < rules.committee_from and sizes.has_committee:
        said.append(
            f"正式党员 {sizes.full_members} 名，不足 {rules.committee_from} 名，"
            "一般只设书记，必要时设副书记。"
        )
    if sizes.has_committee and not least <= sizes.committee_members <= most:
        said.append(
            f"支部委员现有 {sizes.committee_members} 名，应为 {least} 至 {most} 名，请补选或调整。"
        )
    return said


@dataclass(frozen=True)
class UnitCount:
    """One company: how many Party members it has, and who looks after them."""

    unit: int
    members: int
    full_members: int
    has_own_branch: bool
    is_covered: bool
    has_coach: bool


@dataclass(frozen=True)
class Coverage:
    """One of the coverages: how many of how many, and the companies that are not."""

    done: int
    of: int
    missing: tuple[int, ...]


def organisation_coverage(units: Iterable[UnitCount]) -> Coverage:
    """党的组织覆盖: companies with Party members that some organisation covers."""
    concerned = [unit for unit in units if unit.members]
    return _coverage(concerned, [unit for unit in concerned if unit.is_covered])


def own_branch_coverage(units: Iterable[UnitCount], rules: RuleBook) -> Coverage:
    """应建尽建: companies with enough full members that have a branch of their own."""
    concerned = [unit for unit in units if unit.full_members >= rules.branch_from]
    return _coverage(concerned, [unit for unit in concerned if unit.has_own_branch])


def joint_coverage(units: Iterable[UnitCount], rules: RuleBook) -> Coverage:
    """联合组建: companies with too few full members for a branch that are covered all the same."""
    concerned = [u for u in units if u.members and u.full_members < rules.branch_from]
    return _coverage(concerned, [unit for unit in concerned if unit.is_covered])


def work_coverage(units: Iterable[UnitCount]) -> Coverage:
    """党的工作覆盖: companies that an organisation covers or an instructor looks after."""
    units = list(units)
    return _coverage(units, [unit for unit in units if unit.is_covered or unit.has_coach])


def coach_coverage(units: Iterable[UnitCount]) -> Coverage:
    """指导员覆盖: companies without an organisation that have an instructor."""
    concerned = [unit for unit in units if not unit.is_covered]
    return _coverage(concerned, [unit for unit in concerned if unit.has_coach])


def _coverage(concerned: Collection[UnitCount], done: Collection[UnitCount]) -> Coverage:
    covered = {unit.unit for unit in done}
    missing = tuple(unit.unit for unit in concerned if unit.unit not in covered)
    return Coverage(len(covered), len(concerned), missing)


def founding_advice(unit: UnitCount, rules: RuleBook) -> str:
    """Return what is to be done for a company that no organisation covers as it should be."""
    if unit.full_members >= rules.branch_from:
        return f"正式党员 {unit.full_members} 名，应当单独成立党支部"
    return f"正式党员 {unit.full_members} 名，不足 {rules.branch_from} 名，应纳入联合党支部"
