"""The owner's sheet laid out: parts, progress, what still misses."""

import pytest

from starrating.self_assessment import AnswerError, canonical_answer, owner_form, owner_items
from tests.factories.starrating import SchemeFactory, best_answers


@pytest.fixture
def scheme():
    return SchemeFactory.build(published_by=None)


def answered(answers):
    return {code: {"self": {"value": value}} for code, value in answers.items()}


def test_an_untouched_form_asks_for_every_item_once(scheme):
    form = owner_form(scheme.rules, {})
    codes = [line.item.code for part in form.parts for line in part.lines]
    assert sorted(codes) == sorted(owner_items(scheme.rules))
    assert len(codes) == len(set(codes)) == 18
    assert form.done_parts == 0
    assert {part.state for part in form.parts} == {"untouched"}
    assert form.minutes_left == sum(part.minutes for part in form.parts)


def test_a_full_form_has_no_open_lines(scheme):
    form = owner_form(scheme.rules, answered(best_answers(scheme)))
    assert form.open_lines == ()
    assert form.done_parts == len(form.parts)
    assert form.minutes_left == 0


def test_one_answer_begins_its_part_and_no_other(scheme):
    form = owner_form(scheme.rules, answered({"S01": "符合"}))
    assert [part.state for part in form.parts] == ["begun", *["untouched"] * 5]


def test_a_claim_counts_as_an_answer_until_it_is_refused(scheme):
    claim = {"na": {"reason": "不拆零销售"}}
    line = owner_form(scheme.rules, {"S06": claim}).line("S06")
    assert (line.is_done, line.na_reason) == (True, "不拆零销售")
    refused = {"na": {"reason": "不拆零销售", "refused_at": "2026-11-20T10:00:00+08:00"}}
    assert not owner_form(scheme.rules, {"S06": refused}).line("S06").is_answered


def test_an_open_return_reopens_its_part(scheme):
    sheet = answered(best_answers(scheme))
    form = owner_form(scheme.rules, sheet, notes={"S03": ["请补制度目录"]})
    assert form.parts[0].state == "returned"
    assert [line.item.code for line in form.open_lines] == ["S03"]


def test_what_was_supplied_is_no_longer_wanted_but_its_note_stays(scheme):
    sheet = answered(best_answers(scheme))
    form = owner_form(
        scheme.rules, sheet, notes={"S03": ["补"], "": ["全部"]}, supplied={"S03", ""}
    )
    line = form.line("S03")
    assert (line.notes, line.is_wanted, line.is_done) == (("补",), False, True)
    assert (form.wants, form.parts[0].state, form.open_part) == (0, "done", None)


def test_the_form_leads_to_the_first_part_that_wants_something(scheme):
    assert owner_form(scheme.rules, {}).is_untouched
    form = owner_form(scheme.rules, answered({"S01": "符合"}))
    assert (form.open_part.code, form.is_untouched, len(form.blanks)) == ("s1", False, 17)


def test_a_return_of_the_whole_sheet_is_counted_and_kept_apart(scheme):
    form = owner_form(scheme.rules, answered(best_answers(scheme)), notes={"": ["照片看不清"]})
    assert (form.wants, form.general_notes, form.open_lines) == (1, ("照片看不清",), ())


def test_the_parts_lead_to_one_another(scheme):
    form = owner_form(scheme.rules, {})
    first, second, last = form.parts[0], form.parts[1], form.parts[-1]
    assert form.next_part(first) == second
    assert form.previous_part(second) == first
    assert form.previous_part(first) is None
    assert form.next_part(last) is None


@pytest.mark.parametrize(
    ("item", "raw", "stored"),
    [
        pytest.param("S01", "1", "符合", id="yes as a digit"),
        pytest.param("S01", " 不符合 ", "不符合", id="spaces around"),
        pytest.param("S03", "２", "2", id="full-width digit"),
        pytest.param("S02", "３／４", "3/4", id="full-width fraction"),
        pytest.param("S12", "仅有制度", "仅有制度", id="level by name"),
    ],
)
def test_an_answer_is_stored_in_one_writing(scheme, item, raw, stored):
    rules = scheme.rules
    assert canonical_answer(owner_items(rules)[item], raw, rules) == stored


@pytest.mark.parametrize(
    ("item", "raw"),
    [
        pytest.param("S01", "也许", id="neither yes nor no"),
        pytest.param("S03", "-1", id="negative count"),
        pytest.param("S03", "1.5", id="half a finding"),
        pytest.param("S02", "3/x", id="not a number"),
        pytest.param("S12", "很好", id="no such level"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_a_sentence(scheme, item, raw):
    rules = scheme.rules
    with pytest.raises(AnswerError) as refusal:
        canonical_answer(owner_items(rules)[item], raw, rules)
    assert len(str(refusal.value)) > 5
