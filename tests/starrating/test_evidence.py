"""What the sheet says becomes evidence; what many shops say alike is one object."""

from datetime import UTC, datetime

import pytest
from django.db.models import F

from starrating.actions import rating
from starrating.enums import CycleState
from starrating.evidence import collect, filed, stale
from starrating.evidence_record import Evidence, Shared, Value, evidence_json, evidence_to_dict
from starrating.models import Assessment
from starrating.said_lines import drafted
from starrating.scoring import rate
from tests.factories.starrating import AssessmentFactory, CycleFactory
from tests.starrating.test_cycle_actions import best_marks

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
AT = {"at": "2026-11-20T02:00:00+00:00", "by": "1"}


def entries(**sources):
    return {"S01": {kind: {**said, **AT} for kind, said in sources.items()}}


def collected(*sheets):
    cycle = CycleFactory(state=CycleState.REVIEW)
    rows = [AssessmentFactory(cycle=cycle, sheet=sheet) for sheet in sheets]
    return [collect(cycle, filed([row.pk]))[row.pk].items.get("S01") for row in rows]


def test_two_shops_that_were_told_the_same_share_one_object_whoever_wrote_it():
    one, other = collected(
        entries(self={"value": "符合"}, reviewed={"value": "符合"}),
        {
            "S01": {
                kind: {"value": "符合", "at": "later", "by": "9"} for kind in ("self", "reviewed")
            }
        },
    )
    assert one is other
    assert one == (Value("self", "符合", "self"), Value("reviewed", "符合", "review"))


@pytest.mark.parametrize(
    "other",
    [
        {"self": {"value": "不符合"}},
        {"reviewed": {"value": "符合"}},
        {"self": {"value": "符合", "label": "示例"}},
        {"self": {"value": "符合", "n": 3}},
        {"self": {"value": "符合"}, "na": {"reason": "没有"}},
    ],
    ids=["value", "source", "label", "sample", "claim"],
)
def test_whatever_differs_keeps_them_apart(other):
    one, two = collected(entries(self={"value": "符合"}), entries(**other))
    assert one != two


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({"reason": "没有"}, Value("self", "NA", "self", reason="没有")),
        (
            {"reason": "没有", "confirmed_at": "2026-11-20"},
            Value("reviewed", "NA", "review", reason="没有"),
        ),
        ({"reason": "没有", "refused_at": "2026-11-20"}, None),
    ],
    ids=["claimed", "confirmed", "refused"],
)
def test_a_claim_that_an_item_does_not_apply_speaks_for_whoever_stands_behind_it(claim, said):
    (values,) = collected(entries(na=claim))
    assert values == ((said,) if said else None)


def test_shared_values_are_written_and_reckoned_as_any_others():
    scheme = CycleFactory(state=CycleState.REVIEW).scheme
    plain = {
        code: tuple(
            Value(kind, said["value"], f"paper/{said['paper']}", said["label"])
            for kind, said in sources.items()
        )
        for code, sources in best_marks(scheme, "department").items()
    }
    shared = {code: Shared(values) for code, values in plain.items()}

    assert evidence_json(Evidence(items=shared)) == evidence_json(Evidence(items=plain))
    for _again in range(2):
        ours = rate(scheme.rules, Evidence(items=shared))
        assert ours.brief() == rate(scheme.rules, Evidence(items=plain)).brief()
        assert ours.answers.counted == rate(scheme.rules, Evidence(items=plain)).answers.counted


def test_a_sheet_written_to_while_it_was_rated_is_rated_once_more(monkeypatch):
    (case,) = rated_cases(entries(department={"value": "符合", "paper": 1}))
    written = []

    def late_writer(cycle, files):
        found = collect(cycle, files)
        if not written:
            written.append(1)
            new = entries(department={"value": "不符合", "paper": 1})
            Assessment.objects.filter(pk=case.pk).update(sheet=new, sheet_version=7)
        return found

    monkeypatch.setattr(rating, "collect", late_writer)
    assert rating.rate_batch(case.cycle, [case.pk], now=NOW) == []

    case.refresh_from_db()
    basis = drafted(case.cycle.scheme.rules, case.preview_said, case.preview_evidence)
    assert basis.items["S01"][0].value == "不符合"
    assert list(stale(case.cycle)) == []


def test_a_sheet_that_never_rests_is_named_and_keeps_no_rating(monkeypatch):
    (case,) = rated_cases(entries(department={"value": "符合", "paper": 1}))

    def busy_writer(cycle, files):
        found = collect(cycle, files)
        Assessment.objects.filter(pk=case.pk).update(sheet_version=F("sheet_version") + 1)
        return found

    monkeypatch.setattr(rating, "collect", busy_writer)
    ((pk, reason),) = rating.rate_batch(case.cycle, [case.pk], now=NOW)

    assert (pk, reason) == (case.pk, "试评时一直有人在改，请稍后再试评。")
    assert Assessment.objects.get(pk=case.pk).previewed_at is None


def test_a_basis_that_was_kept_whole_is_read_as_before():
    cycle = CycleFactory(state=CycleState.REVIEW)
    values = {"S01": (Value("reviewed", "符合", "review"),)}
    whole = evidence_to_dict(Evidence(items=values, status="exempt"))
    assert drafted(cycle.scheme.rules, None, whole) == Evidence(items=values, status="exempt")


def test_hands_times_and_pages_are_no_part_of_what_a_sheet_says():
    cycle = CycleFactory(state=CycleState.REVIEW)
    said = {"value": "符合\n", "page": "x", "at": "now", "by": "1", "label": "甲 乙", "n": 3}
    row = AssessmentFactory(cycle=cycle, sheet={"S01": {"self": said}, "S02": {}})
    (file,) = filed([row.pk])
    assert file.said.split("\n") == [
        r'S01 {"self": {"n": 3, "label": "甲 乙", "value": "符合\n"}}',
        "S02 {}",
    ]
    assert collect(cycle, [file])[row.pk].items == {
        "S01": (Value("self", "符合\n", "self", "甲 乙", 3),)
    }


def rated_cases(*sheets):
    cycle = CycleFactory(state=CycleState.REVIEW)
    return [AssessmentFactory(cycle=cycle, sheet=sheet) for sheet in sheets]
