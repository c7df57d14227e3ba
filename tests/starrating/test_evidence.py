"""What the sheet says becomes evidence; what many shops say alike is one object."""

import pytest

from starrating.enums import CycleState
from starrating.evidence import collect
from starrating.evidence_record import Evidence, Shared, Value, evidence_json
from starrating.scoring import rate
from tests.factories.starrating import AssessmentFactory, CycleFactory
from tests.starrating.test_cycle_actions import best_marks

pytestmark = pytest.mark.django_db
AT = {"at": "2026-11-20T02:00:00+00:00", "by": "1"}


def entries(**sources):
    return {"S01": {kind: {**said, **AT} for kind, said in sources.items()}}


def collected(*sheets):
    cycle = CycleFactory(state=CycleState.REVIEW)
    rows = [AssessmentFactory(cycle=cycle, sheet=sheet) for sheet in sheets]
    return [collect(cycle, rows)[row.pk].items.get("S01") for row in rows]


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
