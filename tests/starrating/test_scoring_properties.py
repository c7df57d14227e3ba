"""Laws that hold for every shop under the default scheme and the examples."""

import dataclasses
import json
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starrating.evidence_record import evidence_from_dict, evidence_to_dict
from starrating.reckoning import reckoner
from starrating.regain import most_times
from starrating.scheme_format import DEFAULT_SCHEME, load, read_yaml
from starrating.scoring import Evidence, Value, Veto, evidence_json, freeze, rate, verify
from tests.starrating.schemes import KIND_OF, scheme_named

DEFAULT = load(read_yaml(DEFAULT_SCHEME.read_text(encoding="utf-8")))
WEIGHTED = scheme_named("dimensions_ceiling")
SHRUNK = scheme_named("not_applicable_shrunk")
METHODS = scheme_named("items_methods")
FHRS = scheme_named("fhrs")
SCHEMES = [DEFAULT, WEIGHTED, SHRUNK, METHODS, FHRS]
thorough = settings(max_examples=40, deadline=None)


def answers_to(item):
    """Return the answers that fit an item, from bad to good."""
    if item.method == "bool":
        return ["0", "1"]
    if item.method == "level":
        return [level.name for level in sorted(item.levels, key=lambda level: level.points)]
    if item.method == "deduct":
        return [str(n) for n in (9, 3, 2, 1, 0)]
    if item.method == "points":
        span = item.upper - item.lower
        values = item.allowed or [item.lower + span * n / 4 for n in range(5)]
        return [str(v) for v in sorted(values, reverse=item.good == "low")]
    if item.method == "ratio":
        rising = ["0", "0.03", "0.4", "0.77", "0.8", "1"]
        if item.target > 1:
            rising = ["0", "3", "11.5", str(item.target)]
        return rising if item.good == "high" else rising[::-1]
    limits = sorted({step.limit for step in item.steps if step.op != "otherwise"})
    values = [limits[0] - 1, *limits, limits[-1] + 1]
    return [str(v) for v in (values if item.steps[0].op == "gte" else values[::-1])]


@st.composite
def shops(draw, scheme=DEFAULT, blanks=False):
    """Draw the evidence of a shop: an answer or a claim per item, some bonus, perhaps a veto."""
    items = {}
    for item in scheme.items:
        kind = KIND_OF[item.scorer]
        choices = st.sampled_from(answers_to(item))
        if item.na:
            choices = st.one_of(choices, st.just("NA"))
        if blanks:
            choices = st.one_of(choices, st.none())
        answer = draw(choices)
        if answer is not None:
            items[item.code] = (Value(kind, answer, f"mark/{item.code}", reason="无此业务"),)
    times = {line.code: draw(st.integers(0, 6)) for line in scheme.bonus.lines}
    bonus = {code: (Value("system", str(n), f"act/{code}"),) for code, n in times.items() if n}
    codes = [veto.code for veto in scheme.vetoes]
    vetoes = ()
    if codes and draw(st.integers(0, 5)) == 0:
        vetoes = (Veto(draw(st.sampled_from(codes)), "处罚〔2026〕1号", id="veto/1"),)
    return Evidence(items=items, bonus=bonus, vetoes=vetoes)


any_shop = st.sampled_from(SCHEMES).flatmap(
    lambda scheme: st.tuples(st.just(scheme), shops(scheme))
)


def number(text):
    return Decimal(text)


@thorough
@given(any_shop)
def test_the_parts_add_up_to_the_total(case):
    scheme, evidence = case
    tree = rate(scheme, evidence).as_dict()
    if tree["total"] is None:
        assert tree["status"] == "incomplete"
        return

    for dimension in tree["dimensions"]:
        if dimension["status"] == "not_applicable":
            continue
        items = sum(
            number(item.get("counted") or item["points"])
            for item in dimension["items"]
            if item["status"] == "scored"
        )
        assert items + number(dimension.get("adjustment", "0")) == number(dimension["points"])
    base = sum(number(d["points"]) for d in tree["dimensions"])
    base += number(tree.get("base_adjustment", {"points": "0"})["points"])
    assert base == number(tree["base"])
    bonus = sum(number(line["counted"]) for line in tree["bonus_lines"])
    assert bonus == number(tree["bonus"])
    limits = number(tree.get("total_adjustment", {"points": "0"})["points"])
    assert base + bonus + limits == number(tree["total"])


@thorough
@given(any_shop)
def test_what_was_lost_and_what_was_earned_make_the_full_marks(case):
    scheme, evidence = case
    for dimension in rate(scheme, evidence).as_dict()["dimensions"]:
        for row in dimension["items"]:
            item = scheme.item(row["code"])
            if row["status"] == "scored" and item.method != "points":
                assert number(row["points"]) + number(row["lost"]) == number(row["full"])


@thorough
@given(any_shop, st.data())
def test_a_better_answer_never_gives_less(case, data):
    scheme, evidence = case
    items = [item for item in scheme.items if evidence.items[item.code][0].value != "NA"]
    item = data.draw(st.sampled_from(items))
    answers = answers_to(item)
    at = answers.index(evidence.items[item.code][0].value)
    better = data.draw(st.sampled_from(answers[at:]))
    value = evidence.items[item.code][0]._replace(value=better)
    improved = dataclasses.replace(evidence, items={**evidence.items, item.code: (value,)})

    before, after = rate(scheme, evidence), rate(scheme, improved)

    sign = -1 if scheme.total.good == "low" else 1
    assert after.total * sign >= before.total * sign
    assert (after.stars or 0) >= (before.stars or 0)


@thorough
@given(any_shop, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_does_not_matter(case, chance):
    scheme, evidence = case
    codes, lines = list(evidence.items), list(evidence.bonus)
    chance.shuffle(codes)
    chance.shuffle(lines)
    own = {
        code: (Value("self", "NA", "sheet/1", reason="因"), *evidence.items[code]) for code in codes
    }
    turned = {code: values[::-1] for code, values in reversed(own.items())}
    one = dataclasses.replace(evidence, items=own)
    other = dataclasses.replace(
        evidence, items=turned, bonus={code: evidence.bonus[code] for code in lines}
    )

    assert evidence_json(one) == evidence_json(other)
    assert rate(scheme, one).as_json() == rate(scheme, other).as_json()


@thorough
@given(any_shop)
def test_a_frozen_result_is_recomputed_the_same(case):
    scheme, evidence = case
    rating = rate(scheme, evidence)
    record = json.loads(json.dumps(evidence_to_dict(evidence)))

    again = rate(scheme, evidence_from_dict(record))

    assert again.as_dict() == rating.as_dict()
    assert verify(scheme, freeze(rating)) == ()


@thorough
@given(shops())
def test_there_is_never_a_star_with_a_veto(evidence):
    rating = rate(DEFAULT, evidence)

    assert (rating.stars is None) or not rating.vetoes
    assert rating.total == rate(DEFAULT, dataclasses.replace(evidence, vetoes=())).total


@thorough
@given(
    st.sampled_from([DEFAULT, scheme_named("bonus_limits")]).flatmap(
        lambda scheme: st.tuples(st.just(scheme), shops(scheme))
    )
)
def test_bonus_lifts_at_most_one_star(case):
    scheme, evidence = case
    evidence = dataclasses.replace(evidence, vetoes=())
    bare = rate(scheme, dataclasses.replace(evidence, bonus={}))
    with_bonus = rate(scheme, evidence)
    lowest = scheme.bands[-1].stars - 1

    before = lowest if bare.stars is None else bare.stars
    after = lowest if with_bonus.stars is None else with_bonus.stars
    assert before <= after <= before + 1


@thorough
@given(shops(blanks=True), st.data())
def test_a_blank_is_never_a_zero(evidence, data):
    evidence = dataclasses.replace(evidence, vetoes=())
    code = data.draw(st.sampled_from([item.code for item in DEFAULT.items]))
    items = {other: values for other, values in evidence.items.items() if other != code}

    rating = rate(DEFAULT, dataclasses.replace(evidence, items=items))

    assert rating.status == "incomplete"
    assert (rating.stars, rating.total) == (None, None)
    assert code in {blank[0] for blank in rating.blanks}
    tree = rating.as_dict()
    assert number(tree["so_far"]) <= number(tree["possible"])


@thorough
@given(shops(blanks=True))
def test_what_the_owner_says_never_reaches_a_final_result(evidence):
    own = {
        code: tuple(value._replace(kind="self") for value in values)
        for code, values in evidence.items.items()
    }
    bonus = {
        code: tuple(value._replace(kind="self") for value in values)
        for code, values in evidence.bonus.items()
    }

    rating = rate(DEFAULT, Evidence(items=own, bonus=bonus))

    assert rating.status == "incomplete"
    assert len(rating.blanks) == 46
    assert rating.bonus == 0


def made_good(scheme, evidence, code):
    """Return the evidence after the shop did what an entry of the regain list asks."""
    lines = reckoner(scheme).bonus_lines
    if code in lines:
        times = str(most_times(lines[code].each, lines[code].cap))
        bonus = {**evidence.bonus, code: (Value("system", times, "act/1"),)}
        return dataclasses.replace(evidence, bonus=bonus)
    item = scheme.item(code)
    best = str(item.target) if item.method == "ratio" else answers_to(item)[-1]
    if item.method == "points" and item.good == "high":
        best = str(item.full)
    value = evidence.items[code][0]._replace(value=best)
    return dataclasses.replace(evidence, items={**evidence.items, code: (value,)})


@settings(max_examples=25, deadline=None)
@given(any_shop)
def test_the_regain_list_keeps_its_promises(case):
    scheme, evidence = case
    rating = rate(scheme, evidence)
    ways = rating.ways_up()

    for way in ways:
        after = rate(scheme, made_good(scheme, evidence, way.code))
        assert (after.total, after.stars) == (way.total_after, way.stars_after), way.code
        assert abs(after.total - rating.total) == way.gain > 0
    per_effort = [way.gain / way.effort for way in ways]
    assert per_effort == sorted(per_effort, reverse=True)


@settings(max_examples=25, deadline=None)
@given(any_shop)
def test_the_path_really_reaches_the_next_star(case):
    scheme, evidence = case
    rating = rate(scheme, evidence)
    path = rating.as_dict()["path"]
    if path is None:
        return

    for code in path["codes"]:
        evidence = made_good(scheme, evidence, code)
    after = rate(scheme, evidence)

    assert str(after.total) == path["total_after"]
    assert after.stars == path["stars"]
    assert rating.stars is None or after.stars > rating.stars


@pytest.mark.parametrize("seed", range(3))
def test_answers_are_drawn_over_the_whole_range(seed):
    chance = random.Random(seed)
    item = chance.choice(DEFAULT.items)
    outcomes = [reckoner(DEFAULT).by_code[item.code].outcome(a).points for a in answers_to(item)]

    assert outcomes == sorted(outcomes)
    assert outcomes[-1] == item.full
