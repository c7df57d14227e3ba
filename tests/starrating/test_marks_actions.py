"""Marks by hand and by sheet: moved, refused with nothing changed, audited, taken back."""

from datetime import UTC, datetime

import pytest

from accounts.roles import Role
from association.models import AuditEvent
from starrating.actions import marks
from starrating.enums import CycleState
from starrating.evidence import collect
from starrating.mark_sheet import BONUS, DEPARTMENT, Mark
from starrating.models import Assessment, MarkPaper
from tests.factories.accounts import make_user
from tests.factories.members import PositionFactory
from tests.factories.starrating import AssessmentFactory, CycleFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_user(Role.SECRETARIAT)


@pytest.fixture
def case():
    return AssessmentFactory()


def enter(case, values, *, by, kind=DEPARTMENT, number="示例〔2026〕3号"):
    return marks.enter_marks(
        case.cycle,
        kind=kind,
        title="监督检查汇总表",
        document_number=number,
        marks={case.pk: {code: Mark(value) for code, value in values.items()}},
        by=by,
        now=NOW,
    )


def test_marks_stand_in_the_sheet_with_their_paper_and_leave_the_rest(case, secretary):
    case.sheet = {"S01": {"self": {"value": "符合"}}}
    case.save(update_fields=["sheet"])

    paper = enter(case, {"R01": "1", "R12": "合格"}, by=secretary)

    case.refresh_from_db()
    assert case.sheet["S01"] == {"self": {"value": "符合"}}
    assert case.sheet["R12"]["department"] == {
        "value": "符合",
        "at": NOW.isoformat(),
        "by": secretary.pk,
        "paper": paper.pk,
        "label": "监督检查汇总表 示例〔2026〕3号",
    }
    assert (paper.shop_count, paper.value_count) == (1, 2)
    assert AuditEvent.objects.get(act="rating.marked").detail["values"] == 2


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"R01": "很多"}, marks.MarkRefusedError),
        ({"S01": "符合"}, marks.MarkRefusedError),
        ({}, marks.PaperMissingError),
    ],
    ids=["does not fit", "not the department's item", "nothing to write"],
)
def test_a_refused_mark_leaves_everything_as_it_was(case, secretary, values, error):
    with pytest.raises(error):
        enter(case, values, by=secretary)

    case.refresh_from_db()
    assert case.sheet == {}
    assert not MarkPaper.objects.exists()


def test_nobody_marks_a_shop_of_their_own_company(case, secretary):
    PositionFactory(user=secretary, pharmacy=None, unit=case.pharmacy.unit, role=Role.HEAD_OFFICE)

    with pytest.raises(marks.RecusedFromMarkingError, match="须回避"):
        enter(case, {"R01": "0"}, by=secretary)


def test_marking_ends_with_the_review(secretary):
    case = AssessmentFactory(cycle=CycleFactory(state=CycleState.GATED))

    with pytest.raises(marks.MarkingClosedError):
        enter(case, {"R01": "0"}, by=secretary)


def test_undoing_a_paper_brings_back_what_stood_there(case, secretary):
    enter(case, {"R01": "1"}, by=secretary)
    second = enter(case, {"R01": "2", "R02": "1"}, by=secretary)

    marks.undo_paper(second, by=secretary, now=NOW)

    case.refresh_from_db()
    assert case.sheet["R01"]["department"]["value"] == "1"
    assert "R02" not in case.sheet
    with pytest.raises(marks.PaperUndoneError):
        marks.undo_paper(second, by=secretary, now=NOW)


def test_undoing_an_older_paper_keeps_what_a_later_one_wrote(case, secretary):
    first = enter(case, {"R01": "1"}, by=secretary)
    enter(case, {"R01": "2"}, by=secretary)

    _, stayed = marks.undo_paper(first, by=secretary, now=NOW)

    case.refresh_from_db()
    assert stayed == 1
    assert case.sheet["R01"]["department"]["value"] == "2"


def test_bonus_by_hand_counts_once_a_second_person_has_confirmed(case, secretary):
    paper = enter(case, {"B05": "1"}, by=secretary, kind=BONUS)
    case = Assessment.objects.select_related("pharmacy").get(pk=case.pk)
    assert collect(case.cycle, [case])[case.pk].bonus == {}

    with pytest.raises(marks.SecondPersonError):
        marks.confirm_paper(paper, by=secretary, now=NOW)
    marks.confirm_paper(paper, by=make_user(Role.SECRETARIAT), now=NOW)

    assert collect(case.cycle, [case])[case.pk].bonus["B05"][0].value == "1"
    assert AuditEvent.objects.filter(act="rating.marks_confirmed").count() == 1


def test_bonus_needs_the_number_of_its_paper(case, secretary):
    with pytest.raises(marks.PaperMissingError):
        enter(case, {"B05": "1"}, by=secretary, kind=BONUS, number="")
