"""Vote arithmetic at every boundary, against tables counted by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from party import voting
from party.voting import Base, Person, Roll, RuleUnreadableError, Share, TallyError, VoteRule

# party_rules.yaml, vote.ordinary: at least half of those with a vote there, more than half of
# those due for it.
ORDINARY = voting.read(
    {
        "quorum": {"base": "有表决权的党员", "op": ">=", "ratio": "1/2"},
        "pass": {"base": "应到会有表决权的党员", "op": ">", "ratio": "1/2"},
    }
)
COMMITTEE = voting.read({"quorum": {"op": ">=", "ratio": "1/2", "base": "委员"}})


def roll(due: int, present: int) -> Roll:
    return Roll(due=due, present=present, voters_due=due, voters_present=present)


# voters due → needed for the quorum (half or more) and to pass (more than half): by hand
@pytest.mark.parametrize(
    ("due", "quorum", "majority"),
    [
        (1, 1, 1),
        (2, 1, 2),
        (3, 2, 2),
        (4, 2, 3),
        (5, 3, 3),
        (6, 3, 4),
        (7, 4, 4),
        (8, 4, 5),
        (9, 5, 5),
        (10, 5, 6),
        (11, 6, 6),
        (12, 6, 7),
        (15, 8, 8),
        (16, 8, 9),
        (49, 25, 25),
        (50, 25, 26),
        (51, 26, 26),
        (99, 50, 50),
        (100, 50, 51),
    ],
)
def test_an_ordinary_vote_at_its_two_boundaries(due, quorum, majority):
    assert voting.quorum(ORDINARY, roll(due, quorum)).is_met
    assert voting.quorum(ORDINARY, roll(due, quorum - 1)).is_met is False
    assert voting.quorum(ORDINARY, roll(due, quorum - 1)).short == 1

    passed = voting.outcome(ORDINARY, roll(due, due), votes_for=majority, against=0, abstentions=0)
    assert (passed.is_passed, passed.short, passed.needed) == (True, 0, majority)
    failed = voting.outcome(
        ORDINARY, roll(due, due), votes_for=majority - 1, against=0, abstentions=0
    )
    assert (failed.is_passed, failed.short) == (False, 1)


# due, present, for → verdict, missing votes: by hand
@pytest.mark.parametrize(
    ("due", "present", "votes_for", "verdict", "short"),
    [
        (10, 4, 4, "no_quorum", 2),  # four of ten are fewer than half: nothing is decided
        (10, 5, 5, "failed", 1),  # quorum, all present for it, and still one short of six
        (10, 6, 6, "passed", 0),
        (10, 6, 5, "failed", 1),
        (10, 10, 5, "failed", 1),  # exactly half is not more than half
        (10, 10, 6, "passed", 0),
        (11, 5, 5, "no_quorum", 1),
        (11, 6, 6, "passed", 0),
        (11, 6, 5, "failed", 1),
        (3, 1, 1, "no_quorum", 1),
        (3, 2, 2, "passed", 0),
        (3, 2, 1, "failed", 1),
        (1, 1, 1, "passed", 0),
        (1, 1, 0, "failed", 1),
    ],
)
def test_the_majority_is_taken_of_those_due(due, present, votes_for, verdict, short):
    found = voting.outcome(
        ORDINARY, roll(due, present), votes_for=votes_for, against=0, abstentions=0
    )

    assert (found.verdict, found.short) == (verdict, short)


def test_half_of_ten_may_meet_and_decide_nothing():
    assert voting.quorum(ORDINARY, roll(10, 5)).is_met
    assert not voting.still_possible(ORDINARY, roll(10, 5))
    assert voting.still_possible(ORDINARY, roll(10, 6))
    assert not voting.still_possible(ORDINARY, roll(10, 4))


def test_abstaining_weighs_like_a_no():
    found = voting.outcome(ORDINARY, roll(9, 9), votes_for=4, against=0, abstentions=5)

    assert (found.verdict, found.short) == ("failed", 1)


@pytest.mark.parametrize(
    ("members", "due", "present", "voters_due", "voters_present"),
    [
        ([(True, True, True, True)], 1, 1, 1, 1),
        ([(True, True, True, False)], 1, 0, 1, 0),  # asked for leave: due all the same
        ([(False, True, True, True)], 1, 1, 0, 0),  # probationary
        ([(True, False, True, True)], 1, 1, 0, 0),  # on watch, or rights suspended
        ([(True, True, False, True)], 1, 1, 0, 0),  # relation elsewhere: joins in, has no vote
        (
            [(True, True, True, True)] * 5
            + [(False, True, True, True)] * 2
            + [(True, False, True, True)]
            + [(True, True, False, True)]
            + [(True, True, True, False)] * 2,
            11,
            9,
            7,
            5,
        ),
    ],
    ids=["full member", "on leave", "probationary", "without rights", "relation elsewhere", "all"],
)
def test_who_counts(members, due, present, voters_due, voters_present):
    people = [Person(*member) for member in members]

    assert voting.count(people) == Roll(due, present, voters_due, voters_present)


def test_nobody_with_a_vote_is_no_quorum_and_passes_nothing():
    empty = Roll(due=3, present=3, voters_due=0, voters_present=0)

    assert not voting.quorum(ORDINARY, empty).is_met
    assert not voting.still_possible(ORDINARY, empty)


# members of the committee → needed: half or more
@pytest.mark.parametrize(("seats", "needed"), [(3, 2), (4, 2), (5, 3), (6, 3), (7, 4)])
def test_a_committee_needs_half_of_its_members(seats, needed):
    assert voting.quorum(COMMITTEE, roll(seats, needed)).is_met
    assert not voting.quorum(COMMITTEE, roll(seats, needed - 1)).is_met


def test_a_rule_without_majority_counts_no_votes():
    assert not voting.still_possible(COMMITTEE, roll(5, 5))
    with pytest.raises(RuleUnreadableError):
        voting.outcome(COMMITTEE, roll(5, 5), votes_for=5, against=0, abstentions=0)


@pytest.mark.parametrize(
    ("op", "base", "due", "present", "votes_for", "passes"),
    [
        (">", "实到会有表决权的党员", 10, 5, 3, True),
        (">", "实到会有表决权的党员", 10, 6, 3, False),
        (">=", "实到会有表决权的党员", 10, 6, 3, True),
        (">=", "应到会有表决权的党员", 10, 10, 5, True),
        (">=", "应到会有表决权的党员", 10, 10, 4, False),
    ],
    ids=["of present", "half of present", "half suffices", "half of due", "less than half"],
)
def test_a_local_rule_counts_by_its_own_base(op, base, due, present, votes_for, passes):
    rule = voting.read(
        {
            "quorum": {"base": "有表决权的党员", "op": ">=", "ratio": "1/2"},
            "pass": {"base": base, "op": op, "ratio": "1/2"},
        }
    )

    found = voting.outcome(rule, roll(due, present), votes_for=votes_for, against=0, abstentions=0)

    assert found.is_passed is passes


# four fifths: 2020 rule "not less than", older texts "more than"; they differ where 5 divides
@pytest.mark.parametrize(
    ("due", "not_less", "more"), [(4, 4, 4), (5, 4, 5), (9, 8, 8), (10, 8, 9), (11, 9, 9)]
)
def test_four_fifths_in_both_readings(due, not_less, more):
    assert Share(Base.DUE, Fraction(4, 5), may_equal=True).needed(due) == not_less
    assert Share(Base.DUE, Fraction(4, 5), may_equal=False).needed(due) == more


@pytest.mark.parametrize(
    ("votes", "told"),
    [((4, 1, 1), "无效"), ((-1, 0, 0), "负数")],
    ids=["more ballots than voters", "a negative count"],
)
def test_a_tally_that_cannot_be_is_refused(votes, told):
    votes_for, against, abstentions = votes

    with pytest.raises(TallyError, match=told):
        voting.outcome(
            ORDINARY, roll(8, 5), votes_for=votes_for, against=against, abstentions=abstentions
        )


@pytest.mark.parametrize(
    "value",
    [
        {},
        None,
        {"quorum": {"base": "群众", "op": ">=", "ratio": "1/2"}},
        {"quorum": {"base": "委员", "op": "=", "ratio": "1/2"}},
        {"quorum": {"base": "委员", "op": ">=", "ratio": "3/2"}},
        {"quorum": {"base": "委员", "op": ">=", "ratio": "1/0"}},
        {"quorum": {"op": ">=", "ratio": "1/2"}},
    ],
    ids=["empty", "none", "base", "operator", "ratio above one", "division by zero", "no base"],
)
def test_a_rule_that_cannot_be_read_is_refused(value):
    with pytest.raises(RuleUnreadableError):
        voting.read(value)


@given(due=st.integers(1, 200), present=st.data())
def test_one_vote_more_never_makes_a_passed_motion_fail(due, present):
    there = present.draw(st.integers(0, due))
    verdicts = [
        voting.outcome(ORDINARY, roll(due, there), votes_for=n, against=0, abstentions=0).is_passed
        for n in range(there + 1)
    ]

    assert verdicts == sorted(verdicts)
    assert any(verdicts) == voting.still_possible(ORDINARY, roll(due, there))


def test_the_rule_type_is_what_the_text_says():
    assert (
        VoteRule(
            quorum=Share(Base.DUE, Fraction(1, 2), may_equal=True),
            majority=Share(Base.DUE, Fraction(1, 2), may_equal=False),
        )
        == ORDINARY
    )
