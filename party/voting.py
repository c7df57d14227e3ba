"""The arithmetic of a vote: who counts, how many must be there, how many must say yes. Pure.

A rule has two shares. The *quorum* (到会) asks how many of a base must be present; the *majority*
(通过) how many of a base must be for it. For a general meeting both bases are the members with a
vote who were **due** (应到会), not those who came: a meeting may have its quorum and still be
unable to pass anything. Abstentions and absent members are not for it, and so weigh like a no.

Shares are exact fractions: half of seven is three and a half, "not less than half" of seven is
four and "more than half" of six is four.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import Any


class Base(StrEnum):
    """Which number a share is taken of."""

    DUE = "due"  # 应到会有表决权的人
    PRESENT = "present"  # 实到会有表决权的人


# The words of the rules, as they stand in the regulations.
BASES = {
    "有表决权的党员": Base.DUE,
    "应到会有表决权的党员": Base.DUE,
    "应到会有表决权": Base.DUE,
    "应到会有表决权的正式党员": Base.DUE,
    "应到会有选举权人数": Base.DUE,
    "委员": Base.DUE,
    "实到会有表决权的党员": Base.PRESENT,
    "实到会有选举权人数": Base.PRESENT,
}


class RuleUnreadableError(ValueError):
    """The rule row does not say what is needed to count by it."""


class TallyError(ValueError):
    """The numbers cannot be a count of this meeting; the text is the reason, in Chinese."""


@dataclass(frozen=True)
class Share:
    """ "More than" or "not less than" a fraction of a base."""

    base: Base
    ratio: Fraction
    may_equal: bool

    def needed(self, of: int) -> int:
        """Return the least number of people that satisfies the share of ``of``."""
        exact = self.ratio * of
        return ceil(exact) if self.may_equal else floor(exact) + 1

    def is_met(self, count: int, of: int) -> bool:
        """Return whether ``count`` satisfies the share; nobody satisfies a share of nobody."""
        return of > 0 and count >= self.needed(of)


@dataclass(frozen=True)
class VoteRule:
    """How many must be there, and how many must be for it; no majority, no voting."""

    quorum: Share
    majority: Share | None


@dataclass(frozen=True)
class Person:
    """What the arithmetic asks about one member on the roll.

    ``is_full`` and ``has_rights`` as they were on the day; ``is_home`` whether the formal relation
    (组织关系) is with this organisation.
    """

    is_full: bool
    has_rights: bool
    is_home: bool
    is_present: bool

    @property
    def has_vote(self) -> bool:
        """Full members in full rights whose relation is here; nobody else has a vote."""
        return self.is_full and self.has_rights and self.is_home


@dataclass(frozen=True)
class Roll:
    """Four numbers of a meeting: due and present, everybody and those with a vote.

    Who asked for leave is due and not present: the rule counts on those due, and leave does not
    make a person less due.
    """

    due: int
    present: int
    voters_due: int
    voters_present: int

    def base(self, base: Base) -> int:
        """Return the number that a share of ``base`` is taken of."""
        return self.voters_due if base is Base.DUE else self.voters_present


@dataclass(frozen=True)
class Quorum:
    """Whether enough members with a vote were there; ``short`` is how many were missing."""

    of: int
    present: int
    needed: int
    is_met: bool

    @property
    def short(self) -> int:
        """还差几人."""
        return max(self.needed - self.present, 0)


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NO_QUORUM = "no_quorum"


@dataclass(frozen=True)
class Outcome:
    """What came of a vote, with every number it rests on."""

    verdict: Verdict
    quorum: Quorum
    of: int
    needed: int
    votes_for: int

    @property
    def is_passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def short(self) -> int:
        """还差几票."""
        return max(self.needed - self.votes_for, 0)


def count(people: Iterable[Person]) -> Roll:
    """Return the four numbers of the roll."""
    people = list(people)
    voters = [person for person in people if person.has_vote]
    return Roll(
        due=len(people),
        present=sum(person.is_present for person in people),
        voters_due=len(voters),
        voters_present=sum(person.is_present for person in voters),
    )


def quorum(rule: VoteRule, roll: Roll) -> Quorum:
    """Return whether the meeting may decide anything."""
    of = roll.base(rule.quorum.base)
    return Quorum(
        of=of,
        present=roll.voters_present,
        needed=rule.quorum.needed(of),
        is_met=rule.quorum.is_met(roll.voters_present, of),
    )


def still_possible(rule: VoteRule, roll: Roll) -> bool:
    """Return whether anything can pass even if everybody present is for it."""
    if rule.majority is None or not quorum(rule, roll).is_met:
        return False
    of = roll.base(rule.majority.base)
    return rule.majority.is_met(roll.voters_present, of)


def outcome(
    rule: VoteRule, roll: Roll, *, votes_for: int, against: int, abstentions: int
) -> Outcome:
    """Return what came of the vote. Raises ``TallyError`` for numbers that cannot be.

    More ballots than voters make a vote void (收回票数多于发出票数): it is to be repeated, not
    counted. Fewer are possible: somebody present did not vote.
    """
    if rule.majority is None:
        raise RuleUnreadableError("The rule has no majority to count by.")
    if min(votes_for, against, abstentions) < 0:
        raise TallyError("票数不能是负数。")
    cast = votes_for + against + abstentions
    if cast > roll.voters_present:
        raise TallyError(
            f"赞成、不赞成、弃权合计 {cast} 票，多于到会有表决权的 {roll.voters_present} 人，"
            "这次表决无效，请重新清点或重新表决。"
        )
    enough = quorum(rule, roll)
    of = roll.base(rule.majority.base)
    if not enough.is_met:
        verdict = Verdict.NO_QUORUM
    elif rule.majority.is_met(votes_for, of):
        verdict = Verdict.PASSED
    else:
        verdict = Verdict.FAILED
    return Outcome(
        verdict=verdict,
        quorum=enough,
        of=of,
        needed=rule.majority.needed(of),
        votes_for=votes_for,
    )


def read(value: Mapping[str, Any] | None) -> VoteRule:
    """Return the rule in a row's value (party_rules: vote.ordinary, vote.committee)."""
    if not isinstance(value, Mapping) or "quorum" not in value:
        raise RuleUnreadableError("The rule names no quorum.")
    majority = value.get("pass")
    return VoteRule(
        quorum=_share(value["quorum"]),
        majority=_share(majority) if majority is not None else None,
    )


def _share(value: Mapping[str, Any]) -> Share:
    try:
        ratio, may_equal = Fraction(value["ratio"]), {">=": True, ">": False}[value["op"]]
        share = Share(BASES[value["base"]], ratio, may_equal)
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise RuleUnreadableError(f"The share {value!r} cannot be read.") from error
    if not 0 < ratio <= 1:
        raise RuleUnreadableError(f"The ratio of {value!r} lies outside 0 to 1.")
    return share
