"""Marks by hand and by sheet: moved, refused with nothing changed, audited, taken back."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from accounts.roles import Role
from association.models import AuditEvent
from starrating.actions import marks
from starrating.enums import CycleState
from starrating.evidence import collect, filed
from starrating.mark_sheet import (
    BONUS,
    DEPARTMENT,
    PUBLIC,
    Mark,
    MarkSheet,
    Wrong,
    standing_digest,
)
from starrating.models import Assessment, MarkedShop, MarkPaper, StagedMarks
from tests.factories.accounts import make_user
from tests.factories.association import StoredFileFactory
from tests.factories.members import PositionFactory
from tests.factories.starrating import AssessmentFactory, CycleFactory, MarkPaperFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_user(Role.SECRETARIAT)


@pytest.fixture
def case():
    return AssessmentFactory()


def enter(case, values, *, by, kind=DEPARTMENT, number="示例〔2026〕3号", seen=None):
    return marks.enter_marks(
        case.cycle,
        kind=kind,
        title="监督检查汇总表",
        document_number=number,
        marks={case.pk: {code: Mark(value) for code, value in values.items()}},
        seen=seen,
        by=by,
        now=NOW,
    )


def write(paper, case, values, *, by):
    given = {case.pk: {code: Mark(value) for code, value in values.items()}}
    return marks.write_marks(paper, given, by=by, now=NOW)


def value(case, code, kind=DEPARTMENT):
    case.refresh_from_db(fields=["sheet"])
    return case.sheet.get(code, {}).get(kind, {}).get("value")


def own_company(user, case):
    PositionFactory(user=user, pharmacy=None, unit=case.pharmacy.unit, role=Role.HEAD_OFFICE)


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
    own_company(secretary, case)

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
    assert collect(case.cycle, filed([case.pk]))[case.pk].bonus == {}

    with pytest.raises(marks.SecondPersonError):
        marks.confirm_paper(paper, by=secretary, now=NOW)
    marks.confirm_paper(paper, by=make_user(Role.SECRETARIAT), now=NOW)

    assert collect(case.cycle, filed([case.pk]))[case.pk].bonus["B05"][0].value == "1"
    assert AuditEvent.objects.filter(act="rating.marks_confirmed").count() == 1


def test_bonus_needs_the_number_of_its_paper(case, secretary):
    with pytest.raises(marks.PaperMissingError):
        enter(case, {"B05": "1"}, by=secretary, kind=BONUS, number="")


# ------------------------------------------------------------------ by hand, shop by shop


def test_one_paper_is_entered_shop_by_shop_and_says_what_stood_there(case, secretary):
    other = AssessmentFactory(cycle=case.cycle)
    enter(case, {"R01": "2"}, by=secretary)
    paper = marks.open_paper(
        case.cycle, kind=DEPARTMENT, title="第二季度检查", by=secretary, now=NOW
    )

    assert write(paper, case, {"R01": "1", "R02": "0"}, by=secretary) == (2, 1)
    assert write(paper, other, {"R01": "0"}, by=secretary) == (1, 1)
    assert write(paper, case, {"R02": "1"}, by=secretary) == (1, 1)

    paper.refresh_from_db()
    assert (paper.value_count, paper.shop_count) == (3, 2)
    line = paper.shops.get(assessment=case)
    assert {code: e and e["value"] for code, e in line.before.items()} == {"R01": "2", "R02": None}
    assert {code: e["value"] for code, e in line.after.items()} == {"R01": "1", "R02": "1"}


def test_what_stands_there_already_is_not_written_again(case, secretary):
    first = enter(case, {"R01": "1"}, by=secretary)

    with pytest.raises(marks.NothingNewError):
        enter(case, {"R01": "1"}, by=secretary)
    second = enter(case, {"R01": "1", "R02": "0"}, by=secretary)

    assert MarkPaper.objects.count() == 2
    assert second.value_count == 1
    case.refresh_from_db()
    assert case.sheet["R01"]["department"]["paper"] == first.pk


def test_two_people_at_the_same_shop_notice_each_other(case, secretary):
    items = marks.marked_items(case.cycle.scheme.rules, DEPARTMENT)
    seen = standing_digest({case.pk: case.sheet}, items, DEPARTMENT)
    enter(case, {"R01": "1"}, by=make_user(Role.SECRETARIAT), seen=seen)

    with pytest.raises(marks.MarksChangedError):
        enter(case, {"R01": "2"}, by=secretary, seen=seen)
    with pytest.raises(marks.NothingNewError):
        enter(case, {"R01": "1"}, by=secretary, seen=seen)

    assert value(case, "R01") == "1"
    assert MarkPaper.objects.count() == 1


def test_a_paper_that_is_settled_takes_no_more(case, secretary):
    bonus = enter(case, {"B05": "1"}, by=secretary, kind=BONUS)
    other = make_user(Role.SECRETARIAT)

    with pytest.raises(marks.SecondPersonError, match="一个人录入"):
        write(bonus, case, {"B08": "1"}, by=other)
    marks.confirm_paper(bonus, by=other, now=NOW)
    with pytest.raises(marks.SecondPersonError, match="第二人确认"):
        write(bonus, case, {"B08": "1"}, by=secretary)
    marks.undo_paper(bonus, by=secretary, now=NOW)
    with pytest.raises(marks.PaperUndoneError):
        write(bonus, case, {"B08": "1"}, by=secretary)


# ------------------------------------------------------------------ bonus


def test_what_a_verified_activity_gives_is_not_entered_by_hand(case, secretary):
    with pytest.raises(marks.MarkRefusedError, match="自动计入"):
        enter(case, {"B01": "1"}, by=secretary, kind=BONUS)


def test_two_papers_of_the_same_kind_both_count_and_the_same_paper_only_once(case, secretary):
    other = make_user(Role.SECRETARIAT)
    for number in ("证书1号", "证书2号"):
        paper = enter(case, {"B08": "1"}, by=secretary, kind=BONUS, number=number)
        marks.confirm_paper(paper, by=other, now=NOW)
    with pytest.raises(marks.NothingNewError):
        enter(case, {"B08": "1"}, by=secretary, kind=BONUS, number="证书2号")

    case = Assessment.objects.select_related("pharmacy").get(pk=case.pk)
    counted = collect(case.cycle, filed([case.pk]))[case.pk].bonus["B08"]
    assert [one.value for one in counted] == ["1", "1"]
    marks.undo_paper(paper, by=secretary, now=NOW)
    case.refresh_from_db()
    assert len(collect(case.cycle, filed([case.pk]))[case.pk].bonus["B08"]) == 1


def test_a_waiting_paper_takes_nothing_away_from_a_confirmed_one(case, secretary):
    first = enter(case, {"B05": "1"}, by=secretary, kind=BONUS, number="1号")
    marks.confirm_paper(first, by=make_user(Role.SECRETARIAT), now=NOW)
    enter(case, {"B05": "1"}, by=secretary, kind=BONUS, number="2号")

    case = Assessment.objects.select_related("pharmacy").get(pk=case.pk)
    assert len(collect(case.cycle, filed([case.pk]))[case.pk].bonus["B05"]) == 1


def test_nobody_confirms_lines_that_came_after_they_looked(case, secretary):
    paper = enter(case, {"B05": "1"}, by=secretary, kind=BONUS)
    seen = paper.value_count
    write(paper, case, {"B08": "1"}, by=secretary)

    with pytest.raises(marks.MarksChangedError):
        marks.confirm_paper(paper, seen=seen, by=make_user(Role.ADJUDICATOR), now=NOW)
    paper = marks.confirm_paper(paper, seen=2, by=make_user(Role.ADJUDICATOR), now=NOW)

    assert paper.confirmed_at == NOW
    with pytest.raises(marks.SecondPersonError, match="不用再确认"):
        marks.confirm_paper(paper, by=make_user(Role.ADJUDICATOR), now=NOW)


def test_an_empty_bonus_paper_cannot_be_confirmed(case, secretary):
    paper = marks.open_paper(
        case.cycle, kind=BONUS, title="证书", document_number="1号", by=secretary, now=NOW
    )

    with pytest.raises(marks.PaperMissingError):
        marks.confirm_paper(paper, by=make_user(Role.ADJUDICATOR), now=NOW)


def test_nobody_confirms_or_takes_back_marks_of_their_own_company(case, secretary):
    paper = enter(case, {"B05": "1"}, by=secretary, kind=BONUS)
    tied = make_user(Role.SECRETARIAT)
    own_company(tied, case)

    with pytest.raises(marks.RecusedFromMarkingError):
        marks.confirm_paper(paper, by=tied, now=NOW)
    with pytest.raises(marks.RecusedFromMarkingError):
        marks.undo_paper(paper, by=tied, now=NOW)

    paper.refresh_from_db()
    assert (paper.confirmed_at, paper.undone_at) == (None, None)


# ------------------------------------------------------------------ the way back


def test_taking_back_two_papers_in_any_order_ends_where_it_began(case, secretary):
    first = enter(case, {"R01": "1"}, by=secretary)
    second = enter(case, {"R01": "2"}, by=secretary)

    marks.undo_paper(first, by=secretary, now=NOW)
    assert value(case, "R01") == "2"
    marks.undo_paper(second, by=secretary, now=NOW)

    case.refresh_from_db()
    assert "R01" not in case.sheet


def test_one_shop_is_taken_back_and_the_rest_of_the_paper_stays(case, secretary):
    other = AssessmentFactory(cycle=case.cycle)
    enter(case, {"R01": "2"}, by=secretary)
    paper = marks.open_paper(case.cycle, kind=DEPARTMENT, title="检查", by=secretary, now=NOW)
    write(paper, case, {"R01": "1"}, by=secretary)
    write(paper, other, {"R01": "1"}, by=secretary)

    line, stayed = marks.undo_shop(paper.shops.get(assessment=case), by=secretary, now=NOW)

    assert (value(case, "R01"), value(other, "R01"), stayed) == ("2", "1", 0)
    paper.refresh_from_db()
    assert (paper.value_count, paper.shop_count) == (1, 1)
    assert AuditEvent.objects.filter(act="rating.shop_marks_undone").count() == 1
    with pytest.raises(marks.PaperUndoneError):
        marks.undo_shop(line, by=secretary, now=NOW)

    write(paper, case, {"R02": "0"}, by=secretary)
    paper.refresh_from_db()
    assert (paper.value_count, paper.shop_count) == (2, 2)
    assert paper.shops.get(assessment=case).after.keys() == {"R02"}
    marks.undo_paper(paper, by=secretary, now=NOW)
    assert (value(case, "R01"), value(other, "R01")) == ("2", None)


def test_a_confirmed_paper_is_taken_back_whole_or_not_at_all(case, secretary):
    paper = enter(case, {"B05": "1"}, by=secretary, kind=BONUS)
    marks.confirm_paper(paper, by=make_user(Role.ADJUDICATOR), now=NOW)

    with pytest.raises(marks.SecondPersonError):
        marks.undo_shop(paper.shops.get(), by=secretary, now=NOW)

    assert paper.shops.get().undone_at is None


def test_nothing_is_taken_back_after_the_gate(case, secretary):
    paper = enter(case, {"R01": "1"}, by=secretary)
    type(case.cycle).objects.update(state=CycleState.GATED)

    with pytest.raises(marks.MarkingClosedError):
        marks.undo_paper(paper, by=secretary, now=NOW)
    with pytest.raises(marks.MarkingClosedError):
        marks.undo_shop(paper.shops.get(), by=secretary, now=NOW)

    assert value(case, "R01") == "1"


# ------------------------------------------------------------------ a staged sheet


def staged(case, by, *, given=None, wrong=(), kind=DEPARTMENT):
    sheet = MarkSheet(
        codes=("R01",),
        marks={case.pk: given or {"R01": Mark("1")}},
        rows={case.pk: 4},
        wrong=tuple(wrong),
        row_count=1,
    )
    return marks.stage_sheet(
        case.cycle,
        sheet,
        kind=kind,
        title="检查汇总",
        document_number="1号",
        sheet_file=StoredFileFactory(),
        by=by,
        now=NOW,
    )


def test_a_staged_sheet_counts_for_nothing_until_it_is_committed(case, secretary):
    waiting = staged(case, secretary, wrong=[Wrong(5, "别家", "药店", "别家", "没有这家")])
    assert value(case, "R01") is None

    paper = marks.commit_sheet(waiting, by=secretary, now=NOW)

    assert value(case, "R01") == "1"
    assert (paper.title, paper.document_number, paper.sheet_file) == (
        "检查汇总",
        "1号",
        waiting.sheet_file,
    )
    waiting.refresh_from_db()
    assert waiting.paper == paper
    assert waiting.wrong == [[5, "别家", "药店", "别家", "没有这家"]]
    acts = set(AuditEvent.objects.values_list("act", flat=True))
    assert acts == {"rating.mark_sheet_uploaded", "rating.mark_paper_opened", "rating.marked"}


def test_the_second_press_writes_nothing_more(case, secretary):
    waiting = staged(case, secretary)
    marks.commit_sheet(waiting, by=secretary, now=NOW)

    with pytest.raises(marks.SheetSettledError):
        marks.commit_sheet(waiting, by=secretary, now=NOW)
    with pytest.raises(marks.SheetSettledError):
        marks.discard_sheet(waiting, by=secretary, now=NOW)

    assert MarkPaper.objects.count() == 1


def test_a_discarded_sheet_cannot_be_written(case, secretary):
    waiting = marks.discard_sheet(staged(case, secretary), by=secretary, now=NOW)

    with pytest.raises(marks.SheetSettledError, match="已经放弃"):
        marks.commit_sheet(waiting, by=secretary, now=NOW)

    assert value(case, "R01") is None
    assert AuditEvent.objects.filter(act="rating.mark_sheet_discarded").count() == 1


def test_a_preview_that_is_no_longer_true_writes_nothing(case, secretary):
    waiting = staged(case, secretary)
    items = marks.marked_items(case.cycle.scheme.rules, DEPARTMENT)
    seen = standing_digest({case.pk: case.sheet}, items, DEPARTMENT)
    enter(case, {"R01": "3"}, by=make_user(Role.SECRETARIAT))

    with pytest.raises(marks.MarksChangedError):
        marks.commit_sheet(waiting, seen=seen, by=secretary, now=NOW)

    assert value(case, "R01") == "3"
    assert StagedMarks.objects.get().is_open


def test_a_reason_and_a_number_of_cases_survive_the_staging(case, secretary):
    given = {"P04": Mark("4.6", 35), "P09": Mark("NA", None, "夜间不营业")}
    waiting = staged(case, secretary, given=given, kind=PUBLIC)

    assert StagedMarks.objects.get().as_read == {case.pk: given}
    marks.commit_sheet(waiting, by=secretary, now=NOW)

    case.refresh_from_db()
    assert case.sheet["P04"]["public"]["n"] == 35
    assert case.sheet["P09"]["public"]["reason"] == "夜间不营业"


def test_more_shops_than_one_transaction_holds_are_refused(case, secretary, monkeypatch):
    monkeypatch.setattr(marks, "SHOPS_PER_SHEET", 0)

    with pytest.raises(marks.SheetTooLongError, match="按片区"):
        staged(case, secretary)

    assert not StagedMarks.objects.exists()


@pytest.mark.parametrize(
    ("kind", "title", "number", "error"),
    [
        ("other", "汇总", "1号", marks.MarkRefusedError),
        (DEPARTMENT, " ", "1号", marks.PaperMissingError),
        (BONUS, "证书", "", marks.PaperMissingError),
    ],
    ids=["no such kind", "no title", "bonus without number"],
)
def test_a_paper_nobody_could_find_again_is_refused(case, secretary, kind, title, number, error):
    with pytest.raises(error):
        marks.open_paper(
            case.cycle, kind=kind, title=title, document_number=number, by=secretary, now=NOW
        )

    assert not MarkPaper.objects.exists()


def test_lines_of_a_paper_are_one_a_shop_for_the_database_too(case, secretary):
    paper = enter(case, {"R01": "1"}, by=secretary)

    with pytest.raises(IntegrityError, match="starrating_markedshop_once_per_paper"):
        MarkedShop.objects.create(
            paper=paper, assessment=case, entered_at=NOW, entered_by=secretary
        )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"document_number": ""}, "starrating_markpaper_bonus_has_number_and_second"),
        ({"needs_confirmation": False}, "starrating_markpaper_bonus_has_number_and_second"),
        ({"kind": "other"}, "starrating_markpaper_kind_known"),
    ],
    ids=["bonus without number", "bonus without second person", "unknown kind"],
)
def test_the_database_refuses_a_paper_that_says_too_little(fields, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        MarkPaperFactory(bonus=True, **fields)
