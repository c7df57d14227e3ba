"""The default scheme says item by item what the proposal says, in our format."""

from decimal import Decimal

import pytest
import yaml

from starrating.scheme_format import DEFAULT_SCHEME, document_hash, load, read_yaml, write_yaml
from starrating.scoring import Evidence, Value, rate
from tests.starrating.schemes import DATA

DOCUMENT = read_yaml(DEFAULT_SCHEME.read_text(encoding="utf-8"))
SCHEME = load(DOCUMENT)
PROPOSAL = yaml.safe_load((DATA / "star_scheme.yaml").read_text(encoding="utf-8"))
PROPOSED = {item["id"]: item for d in PROPOSAL["dimensions"] for item in d["items"]}


def number(value):
    return Decimal(str(value))


def folded(text):
    """Return the text without regard to how its punctuation was typed."""
    return text.translate(str.maketrans("（），；：", "(),;:")).replace(" ", "")


def test_there_are_as_many_parts_as_proposed():
    assert [d.code for d in SCHEME.dimensions] == ["R", "S", "P"]
    assert [d.full for d in SCHEME.dimensions] == [40, 35, 25]
    assert [len(d.items) for d in SCHEME.dimensions] == [16, 18, 12]
    assert [item.code for item in SCHEME.items] == list(PROPOSED)
    assert len(SCHEME.vetoes) == 15
    assert len(SCHEME.bonus.lines) == 11
    assert len(SCHEME.bands) == 5
    assert len(SCHEME.sections) == 6


@pytest.mark.parametrize("item", SCHEME.items, ids=lambda item: item.code)
def test_every_item_says_what_was_proposed(item):
    proposed = PROPOSED[item.code]

    assert folded(item.name) == folded(proposed["zh"])
    assert item.full == number(proposed["points"])
    assert item.na == proposed.get("na", False)
    assert list(item.evidence) == proposed["evidence"]
    assert list(item.basis) == proposed["basis"]
    assert folded(proposed.get("note", "")).startswith(folded(item.note))
    assert bool(item.note) == ("note" in proposed)
    assert item.each == (number(proposed["step"]) if "step" in proposed else None)
    assert item.target == (number(proposed["target"]) if "target" in proposed else None)
    if item.method == "measured":
        levels = {step.name: step.points for step in item.steps}
    else:
        assert item.method == proposed["method"]
        levels = {level.name: level.points for level in item.levels}
    wanted = proposed.get("levels", {})
    assert levels == {str(name): number(points) for name, points in wanted.items()}


@pytest.mark.parametrize(
    ("code", "answers"),
    [
        ("P01", {"0": 4, "1": 3, "2": 2, "3": 1, "4": 0, "17": 0, ">=4": 0}),
        ("P04", {"4.8": 4, "4.79": 3, "4.5": 3, "4": 2, "3.5": 1, "3.4": 0, ">=4.0": 2, "其他": 0}),
    ],
)
def test_levels_that_are_limits_take_the_number_or_the_name(code, answers):
    for answer, points in answers.items():
        kind = {"public": "public"}[SCHEME.item(code).scorer]
        rating = rate(SCHEME, Evidence(items={code: (Value(kind, answer),)}))
        assert rating.brief()["items"][code] == f"{points}.0", answer


def test_few_reviews_leave_the_denominator():
    few = Evidence(items={"P04": (Value("public", "5.0", n=29),)})
    enough = Evidence(items={"P04": (Value("public", "5.0", n=30),)})

    assert rate(SCHEME, few).brief()["items"]["P04"] == "not_applicable"
    assert rate(SCHEME, enough).brief()["items"]["P04"] == "4.0"


def test_every_dimension_says_who_scores():
    proposed = {d["id"]: d["scorer"] for d in PROPOSAL["dimensions"]}

    assert {d.code: {i.scorer for i in d.items} for d in SCHEME.dimensions} == {
        code: {scorer} for code, scorer in proposed.items()
    }


def test_sections_are_those_proposed():
    assert [(s.code, s.name, list(s.items), s.minutes) for s in SCHEME.sections] == [
        (s["id"], s["zh"], s["items"], s["minutes"]) for s in PROPOSAL["sections"]
    ]


def test_vetoes_are_those_proposed_and_leave_no_star():
    assert [(v.code, folded(v.name), list(v.basis)) for v in SCHEME.vetoes] == [
        (v["id"], folded(v["zh"]), v["basis"]) for v in PROPOSAL["veto"]
    ]
    assert {v.effect for v in SCHEME.vetoes} == {"no_star"}


def test_bonus_is_that_proposed():
    lines = [(b.code, folded(b.name), b.each, b.cap, list(b.evidence)) for b in SCHEME.bonus.lines]

    assert lines == [
        (b["id"], folded(b["zh"]), number(b["each"]), number(b["cap"]), b["evidence"])
        for b in PROPOSAL["bonus"]
    ]
    assert SCHEME.bonus.cap == PROPOSAL["meta"]["bonus_cap"]
    assert SCHEME.bonus.max_extra_stars == 1


def test_bands_are_those_proposed():
    rows = [(band.stars, {(c.of, c.op): c.need for c in band.conditions}) for band in SCHEME.bands]

    assert rows == [
        (
            row["stars"],
            {
                ("total", "gte"): row["final_gte"],
                ("base", "gte"): row["base_gte"],
                ("each_dimension_ratio", "gte"): number(row["each_dim_ratio_gte"]),
            },
        )
        for row in PROPOSAL["star_bands"]
    ]


def test_every_item_of_the_owner_has_guidance_and_its_widget():
    own = [item for item in SCHEME.items if item.scorer == "owner"]

    assert len(own) == 18
    assert all(item.guidance.endswith("。") for item in own)
    assert {item.widget for item in own} == {"yes_no", "choice", "count", "actual_of_due"}


def test_every_source_named_is_in_the_legend():
    named = {basis.split(":")[0] for item in SCHEME.items for basis in item.basis}
    named |= {basis.split(":")[0] for veto in SCHEME.vetoes for basis in veto.basis}

    assert named <= set(SCHEME.basis_legend)


def test_writing_and_reading_the_document_changes_nothing():
    again = read_yaml(write_yaml(DOCUMENT))

    assert again == DOCUMENT
    assert document_hash(again) == SCHEME.hash


def test_a_shop_without_any_evidence_is_incomplete_and_not_zero():
    rating = rate(SCHEME, Evidence())

    assert rating.status == "incomplete"
    assert rating.total is None
    assert len(rating.blanks) == 46


def test_what_only_the_owner_says_waits_for_the_reviewer():
    rating = rate(SCHEME, Evidence(items={"S01": (Value("self", "1"),)}))

    assert ("S01", "签署年度自律承诺书并在店内上墙、扫码可查", "reviewer") in rating.blanks
