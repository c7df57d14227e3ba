"""Shape of the tree: parents, terms, thresholds and advice, coverages; rules are values."""

from datetime import date
from itertools import product

import pytest

from association.errors import BusinessRuleError
from party import structure
from party.rule_book import RuleBook, RuleMissingError
from party.rule_words import in_words, number_leaves
from party.structure import Sizes, UnitCount

BOOK = RuleBook(
    {
        "org.branch.min_full_members": 3,
        "org.branch.max_members_usual": 50,
        "org.joint_branch.rule": {"max_units": 5},
        "org.grassroots_committee.threshold": {"members_gte": 100},
        "org.committee.required_at": {"full_members_gte": 7, "size_min": 3, "size_abs_max": 7},
        "org.term": {"基层委员会": 5, "总支部委员会": 3, "支部委员会": 3},
        "elect.reminders": {"days_before": [180, 90, 60, 30]},
    }
)
WATCH = (180, 90, 60, 30)


@pytest.mark.parametrize(
    ("kind", "parent", "allowed"),
    [
        ("integrated_committee", None, True),
        ("integrated_committee", "committee", False),
        ("committee", "integrated_committee", True),
        ("general_branch", "committee", True),
        ("general_branch", "branch", False),
        ("branch", "general_branch", True),
        ("branch", "branch", False),
        ("branch", None, True),
        ("joint_branch", "general_branch", True),
        ("joint_branch", "group", False),
        ("group", "branch", True),
        ("group", "joint_branch", True),
        ("group", "committee", False),
        ("group", None, False),
    ],
)
def test_what_may_stand_under_what(kind, parent, allowed):
    assert structure.may_stand_under(kind, parent) is allowed


def test_no_two_kinds_may_stand_under_each_other():
    kinds = list(structure.PARENTS)
    both = [
        (one, other)
        for one, other in product(kinds, kinds)
        if one != other
        and structure.may_stand_under(one, other)
        and structure.may_stand_under(other, one)
    ]

    assert both == []


# days left → mark: by hand, at every boundary of 180/90/60/30
@pytest.mark.parametrize(
    ("left", "mark"),
    [
        (181, None),
        (180, 180),
        (91, 180),
        (90, 90),
        (61, 90),
        (60, 60),
        (31, 60),
        (30, 30),
        (1, 30),
        (0, 30),
        (-1, 0),
        (-400, 0),
    ],
)
def test_the_watch_over_a_term(left, mark):
    today = date(2026, 11, 20)

    ends_on = date.fromordinal(today.toordinal() + left)
    assert structure.term_warning(ends_on, today, WATCH) == mark


def test_no_term_on_record_is_no_warning():
    assert structure.term_warning(None, date(2026, 11, 20), WATCH) is None


@pytest.mark.parametrize(
    ("elected", "kind", "ends"),
    [
        (date(2024, 7, 1), "branch", date(2027, 7, 1)),
        (date(2024, 7, 1), "joint_branch", date(2027, 7, 1)),
        (date(2024, 7, 1), "general_branch", date(2027, 7, 1)),
        (date(2024, 7, 1), "committee", date(2029, 7, 1)),
        (date(2024, 7, 1), "integrated_committee", date(2029, 7, 1)),
        (date(2024, 2, 29), "branch", date(2027, 2, 28)),
    ],
)
def test_how_long_a_term_lasts(elected, kind, ends):
    assert structure.years_later(elected, BOOK.term_years(kind)) == ends


def sizes(**more) -> Sizes:
    base = {
        "kind": "branch",
        "members": 5,
        "full_members": 5,
        "units": 1,
        "committee_members": 0,
        "has_committee": False,
    }
    return Sizes(**base | more)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"full_members": 3}, []),
        ({"full_members": 2}, ["联合党支部"]),
        ({"kind": "joint_branch", "full_members": 2}, []),
        ({"full_members": 6}, []),
        ({"full_members": 7, "members": 7}, ["应当设立支部委员会"]),
        ({"full_members": 7, "members": 7, "has_committee": True, "committee_members": 3}, []),
        (
            {"full_members": 7, "members": 7, "has_committee": True, "committee_members": 2},
            ["补选"],
        ),
        (
            {"full_members": 9, "members": 9, "has_committee": True, "committee_members": 8},
            ["补选"],
        ),
        ({"has_committee": True, "committee_members": 3}, ["一般只设书记"]),
        ({"members": 50, "full_members": 6}, []),
        ({"members": 51, "full_members": 6}, ["党总支"]),
        ({"kind": "joint_branch", "units": 5}, []),
        ({"kind": "joint_branch", "units": 6}, ["考虑分设"]),
        ({"kind": "general_branch", "members": 99}, []),
        ({"kind": "general_branch", "members": 100}, ["基层党委"]),
        ({"kind": "integrated_committee", "members": 500}, []),
    ],
)
def test_advice_at_every_threshold(more, told):
    said = structure.advice(sizes(**more), BOOK)

    assert len(said) == len(told)
    assert all(words in sentence for words, sentence in zip(told, said, strict=True))


def test_a_stricter_local_number_moves_the_threshold():
    stricter = RuleBook(BOOK.values | {"org.branch.min_full_members": 5})

    assert "联合党支部" in structure.advice(sizes(full_members=4), stricter)[0]
    assert structure.advice(sizes(full_members=4), BOOK) == []


UNITS = [
    # unit, members, full, own branch, covered, coach
    UnitCount(1, 4, 4, True, True, False),
    UnitCount(2, 4, 3, False, True, False),
    UnitCount(3, 3, 2, False, True, False),
    UnitCount(4, 2, 2, False, False, True),
    UnitCount(5, 0, 0, False, False, True),
    UnitCount(6, 0, 0, False, False, False),
]


@pytest.mark.parametrize(
    ("found", "done", "of", "missing"),
    [
        (structure.organisation_coverage(UNITS), 3, 4, (4,)),
        (structure.own_branch_coverage(UNITS, BOOK), 1, 2, (2,)),
        (structure.joint_coverage(UNITS, BOOK), 1, 2, (4,)),
        (structure.work_coverage(UNITS), 5, 6, (6,)),
        (structure.coach_coverage(UNITS), 2, 3, (6,)),
    ],
    ids=["organisation", "own branch", "joint", "work", "coach"],
)
def test_coverages_name_who_is_not_covered(found, done, of, missing):
    assert (found.done, found.of, found.missing) == (done, of, missing)


def test_a_coverage_of_nobody_is_no_share():
    assert structure.organisation_coverage([]).of == 0


def test_a_missing_rule_is_said_and_not_guessed():
    with pytest.raises(RuleMissingError, match="没有生效的版本"):
        _ = RuleBook({}).branch_from
    assert issubclass(RuleMissingError, BusinessRuleError)


@pytest.mark.parametrize(
    ("value", "words", "leaves"),
    [
        (3, "3", [("number", "数值", 3)]),
        (True, "是", []),
        (
            {"freq": "monthly", "min": 1},
            "频次：每月；每期至少几次：1",
            [("number_min", "每期至少几次", 1)],
        ),
        ({"base": "委员", "op": ">=", "ratio": "1/2"}, "委员的 1/2（不少于）", []),
        (["书记", "委员"], "书记、委员", []),
    ],
)
def test_a_rule_in_words_and_its_numbers(value, words, leaves):
    assert in_words(value) == words
    assert number_leaves(value) == leaves
