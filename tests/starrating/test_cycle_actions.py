"""The life of a cycle: open, review, rate, sign, notify, publicise, award."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.roles import Role
from association import jobs
from association.models import AuditEvent, CalendarDay, Delivery, Job
from association.workflow import ForbiddenMoveError
from association.working_days import UnknownYearError
from starrating.actions import cycle as cycles
from starrating.actions import entry, notice, rating, review
from starrating.models import Assessment, Award, Cycle, Result
from starrating.queries.replay import differences_of
from tests.factories.accounts import UserFactory, make_user
from tests.factories.association import CalendarDayFactory
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    ReviewAssignmentFactory,
    SchemeFactory,
    best_answers,
)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_user(Role.SECRETARIAT)


@pytest.fixture
def adjudicator():
    return make_user(Role.ADJUDICATOR)


def best_marks(scheme, kind):
    """Full marks of one scorer as they stand in the sheet."""
    best = {"bool": "符合", "deduct": "0", "ratio": "1"}
    marks = {}
    for dimension in scheme.rules.dimensions:
        for item in dimension.items:
            if item.scorer != kind:
                continue
            value = best.get(item.method)
            if item.levels:
                value = max(item.levels, key=lambda level: level.points).name
            if item.steps:
                value = str(max(item.steps, key=lambda step: step.points).limit)
            marks[item.code] = {kind: {"value": value, "paper": 1, "label": "示例材料"}}
    return marks


def reviewed_case(cycle):
    """A shop that handed in, was reviewed and has all marks."""
    assessment = AssessmentFactory(cycle=cycle)
    owner, reviewer = owner_of(assessment.pharmacy), make_user(Role.REVIEWER)
    answers = best_answers(cycle.scheme)
    Cycle.objects.filter(pk=cycle.pk).update(state="self_review")
    entry.save_answers(assessment, answers=answers, by=owner, now=NOW)
    entry.submit(assessment, by=owner, now=NOW)
    ReviewAssignmentFactory(assessment=assessment, reviewer=reviewer)
    review.pass_(assessment, by=reviewer, now=NOW)
    Cycle.objects.filter(pk=cycle.pk).update(state="review")
    fresh = Assessment.objects.get(pk=assessment.pk)
    fresh.sheet |= best_marks(cycle.scheme, "department") | best_marks(cycle.scheme, "public")
    fresh.save(update_fields=["sheet"])
    return fresh


def rated(cycle):
    pks = list(cycle.assessments.values_list("pk", flat=True))
    assert rating.rate_batch(cycle, pks, now=NOW) == []


def run_jobs():
    while jobs.run_due()[0]:
        pass


def test_opening_makes_a_file_for_each_eligible_shop_and_repeats_for_new_ones(secretary):
    cycle = CycleFactory(state="draft")
    shop = PharmacyFactory()
    PharmacyFactory(status="closed")
    PharmacyFactory(joined_on=date(2027, 1, 1))
    PharmacyFactory(joined_on=None)
    owner = owner_of(shop)
    assert cycles.open_(cycle, by=secretary, now=NOW) == 2
    assert cycles.open_(cycle, by=secretary, now=NOW) == 0
    late = PharmacyFactory()
    assert cycles.open_(cycle, by=secretary, now=NOW) == 1
    assert Assessment.objects.get(pharmacy=late).state == "open"
    assert Delivery.objects.get(recipient=owner).message.subject.endswith("星级自评开始了")
    assert AuditEvent.objects.filter(act="cycle.opened").count() == 1


def test_a_cycle_does_not_open_on_a_draft_scheme(secretary):
    scheme = SchemeFactory(state="draft", published_at=None, published_by=None)
    cycle = CycleFactory(state="draft", scheme=scheme)
    with pytest.raises(cycles.SchemeNotPublishedError):
        cycles.open_(cycle, by=secretary, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).state == "draft"


def test_entry_closes_after_its_last_day(secretary):
    cycle = CycleFactory()
    with pytest.raises(cycles.EntryStillOpenError, match="2026年11月30日"):
        cycles.close_entry(cycle, by=secretary, now=datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    cycles.close_entry(cycle, by=secretary, now=datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    assert Cycle.objects.get(pk=cycle.pk).state == "review"


def test_leaving_a_shop_out_needs_a_reason_and_keeps_it(secretary):
    assessment = AssessmentFactory()
    with pytest.raises(cycles.ReasonMissingError):
        cycles.excuse(assessment, reason=" ", by=secretary, now=NOW)
    cycles.excuse(assessment, reason="店面装修停业", by=secretary, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.closing_reason) == ("excused", "店面装修停业")
    rated(fresh.cycle)
    assert Assessment.objects.get(pk=assessment.pk).preview_status == "exempt"


def test_late_shops_are_reminded_once_a_day(secretary):
    assessment = AssessmentFactory()
    owner_of(assessment.pharmacy)
    assert cycles.remind_late(assessment.cycle, by=secretary, now=NOW) == 1
    assert cycles.remind_late(assessment.cycle, by=secretary, now=NOW) == 0
    assert cycles.remind_late(assessment.cycle, by=secretary, now=NOW + timedelta(days=1)) == 1


def test_a_full_sheet_is_rated_five_stars_and_a_blank_one_is_incomplete():
    cycle = CycleFactory(state="review")
    full, blank = reviewed_case(cycle), AssessmentFactory(cycle=cycle)
    rated(cycle)
    full.refresh_from_db()
    blank.refresh_from_db()
    assert (full.preview_status, full.preview_stars, full.preview_total) == ("rated", 5, 100)
    assert (blank.preview_status, blank.preview_stars) == ("incomplete", None)


def test_rating_twice_gives_the_same_and_a_changed_fact_makes_it_stale():
    cycle = CycleFactory(state="review")
    case = reviewed_case(cycle)
    rated(cycle)
    first = Assessment.objects.get(pk=case.pk).preview_evidence_hash
    rated(cycle)
    assert Assessment.objects.get(pk=case.pk).preview_evidence_hash == first
    assert rating.stale_count(cycle) == 0
    case.sheet["R01"]["department"]["value"] = "1"
    case.save(update_fields=["sheet"])
    assert rating.stale_count(cycle) == 1


@pytest.mark.parametrize("shops", [1, 3])
def test_a_batch_costs_the_same_statements_for_one_and_three(shops, django_assert_num_queries):
    cycle = CycleFactory(state="review")
    pks = [AssessmentFactory(cycle=cycle).pk for _ in range(shops)]
    with django_assert_num_queries(11):
        rating.rate_batch(cycle, pks, now=NOW)


def test_the_gate_wants_sound_figures_and_two_people(secretary, adjudicator):
    cycle = CycleFactory(state="review")
    case = reviewed_case(cycle)
    with pytest.raises(notice.GateBlockedError, match="还有 1 家没有试评结果"):
        notice.sign_first(cycle, note="", by=secretary, now=NOW)
    rated(cycle)
    with pytest.raises(notice.GateBlockedError, match="还没有第一签"):
        notice.gate(cycle, checked=[case.pk], by=adjudicator, now=NOW)
    notice.sign_first(cycle, note="抽样已看", by=secretary, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).gate_sample == [case.pk]
    with pytest.raises(notice.GateBlockedError, match="还有 1 家没有核对"):
        notice.gate(cycle, checked=[], by=adjudicator, now=NOW)
    with pytest.raises(notice.SamePersonError):
        notice.gate(cycle, checked=[case.pk], by=secretary, now=NOW)
    case.sheet["R01"]["department"]["value"] = "1"
    case.save(update_fields=["sheet"])
    with pytest.raises(notice.GateBlockedError, match="有 1 家的依据变了"):
        notice.gate(cycle, checked=[case.pk], by=adjudicator, now=NOW)
    rated(cycle)
    notice.gate(cycle, checked=[case.pk], by=adjudicator, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).state == "gated"


def test_the_database_refuses_one_person_signing_twice(secretary):
    cycle = CycleFactory(state="review", gate_first_by=secretary, gate_first_at=NOW)
    with pytest.raises(DatabaseError, match="signed_by_two"), transaction.atomic():
        Cycle.objects.filter(pk=cycle.pk).update(gate_second_by=secretary, gate_second_at=NOW)


def test_reopening_drops_both_signatures_and_a_new_rating_the_first(secretary, adjudicator):
    cycle = CycleFactory(state="review")
    case = reviewed_case(cycle)
    rated(cycle)
    notice.sign_first(cycle, note="", by=secretary, now=NOW)
    rating.request_rating(cycle, by=secretary, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).gate_first_by is None
    notice.sign_first(cycle, note="", by=secretary, now=NOW)
    notice.gate(cycle, checked=[case.pk], by=adjudicator, now=NOW)
    notice.reopen(cycle, reason="漏了一份材料", by=secretary, now=NOW)
    fresh = Cycle.objects.get(pk=cycle.pk)
    assert (fresh.state, fresh.gate_first_by, fresh.gate_second_by) == ("review", None, None)


@pytest.fixture
def known_years():
    for year in (2026, 2027):
        CalendarDayFactory(day=date(year, 1, 1), is_working=False)


def gated(secretary, adjudicator):
    cycle = CycleFactory(state="review", objection_working_days=2, publicity_working_days=5)
    case = reviewed_case(cycle)
    rated(cycle)
    notice.sign_first(cycle, note="", by=secretary, now=NOW)
    return notice.gate(cycle, checked=[case.pk], by=adjudicator, now=NOW), case


def test_the_notice_issues_results_tells_the_shop_and_keeps_the_days(
    secretary, adjudicator, known_years
):
    cycle, case = gated(secretary, adjudicator)
    notice.notify(cycle, by=secretary, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).objections_close_on == date(2026, 11, 24)
    run_jobs()
    result = Result.objects.get()
    assert (result.assessment, result.status, result.stars) == (case, "rated", 5)
    message = Delivery.objects.get(key__startswith=f"result:{result.pk}:notice").message
    assert "五星" in message.body
    assert "2026年11月24日 24:00 前书面交协会秘书处" in message.body
    assert differences_of(result) == ()
    assert Job.objects.get(kind="starrating.issue_results").state == "done"


def test_the_whole_way_to_the_wall_and_its_refusals(secretary, adjudicator, known_years):
    cycle, case = gated(secretary, adjudicator)
    notice.notify(cycle, by=secretary, now=NOW)
    after_objections = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
    with pytest.raises(notice.ObjectionDaysError, match="2026年11月24日"):
        notice.publicise(cycle, by=secretary, now=NOW)
    with pytest.raises(notice.NotIssuedYetError):
        notice.publicise(cycle, by=secretary, now=after_objections)
    run_jobs()
    notice.publicise(cycle, by=secretary, now=after_objections)
    fresh = Cycle.objects.get(pk=cycle.pk)
    assert (fresh.publicity_starts_on, fresh.publicity_ends_on) == (
        date(2026, 11, 26),
        date(2026, 12, 2),
    )
    assert [line["words"] for line in fresh.publicity_text["lines"]] == ["五星"]
    with pytest.raises(notice.PublicityDaysError, match="2026年12月2日"):
        notice.finalise(cycle, by=secretary, now=after_objections)
    done = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)
    assert notice.finalise(cycle, by=secretary, now=done) == 1
    award = Award.objects.get()
    assert (award.serial, award.stars, award.pharmacy) == ("2026-0001", 5, case.pharmacy)
    with pytest.raises(ForbiddenMoveError):
        notice.finalise(cycle, by=secretary, now=done)


@pytest.mark.parametrize(
    ("published", "days", "ends"),
    [
        pytest.param(date(2026, 12, 15), 5, date(2026, 12, 22), id="over a weekend"),
        pytest.param(date(2026, 9, 28), 5, date(2026, 10, 10), id="over the National Day"),
    ],
)
def test_publicity_days_follow_the_official_calendar(published, days, ends):
    holidays = [date(2026, 10, day) for day in range(1, 8)]
    for day in holidays:
        CalendarDayFactory(day=day, is_working=False)
    CalendarDayFactory(day=date(2026, 10, 10), is_working=True)
    CalendarDayFactory(day=date(2026, 9, 20), is_working=True)
    calendar = CalendarDay.objects.calendar()
    assert calendar.add(published, days) == ends


def test_a_notice_into_an_unannounced_year_is_refused(secretary, adjudicator):
    CalendarDayFactory(day=date(2026, 1, 1), is_working=False)
    cycle, _ = gated(secretary, adjudicator)
    late = datetime(2026, 12, 31, 2, 0, tzinfo=UTC)
    with pytest.raises(UnknownYearError, match="2027 年"):
        notice.notify(cycle, by=secretary, now=late)
    assert Cycle.objects.get(pk=cycle.pk).state == "gated"


def test_issued_rows_are_refused_by_the_database_and_a_tampered_one_is_found(
    secretary, adjudicator, known_years
):
    cycle, _ = gated(secretary, adjudicator)
    notice.notify(cycle, by=secretary, now=NOW)
    run_jobs()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE starrating_result SET stars = 1",
        "DELETE FROM starrating_result",
        "TRUNCATE starrating_result CASCADE",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE starrating_result DISABLE TRIGGER USER")
        cursor.execute("UPDATE starrating_result SET stars = 4")
        cursor.execute("ALTER TABLE starrating_result ENABLE TRIGGER USER")
    assert differences_of(Result.objects.get()) == ("星级一栏与冻结的明细不符。",)


def test_a_published_scheme_is_frozen_by_the_database():
    scheme = SchemeFactory()
    scheme.document = scheme.document | {"name": "改过的标准"}
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        scheme.save(update_fields=["document"])


def test_next_years_award_follows_this_years_without_voiding_it(
    secretary, adjudicator, known_years
):
    shop = PharmacyFactory()
    for year in (2026, 2027):
        cycle = CycleFactory(
            state="publicised",
            publicised_at=NOW,
            publicity_ends_on=date(2026, 11, 1),
            publicity_hash="0" * 64,
            ends_on=date(year, 12, 31),
            valid_from=date(year + 1, 1, 1),
            valid_to=date(year + 1, 12, 31),
        )
        case = AssessmentFactory(cycle=cycle, pharmacy=shop)
        Result.objects.create(
            assessment=case,
            version=1,
            status="rated",
            stars=4,
            tree={},
            evidence={},
            evidence_hash="0",
            scheme_hash="0",
            engine_version=1,
            reason="示例",
            issued_at=NOW,
        )
        notice.finalise(cycle, by=UserFactory(), now=NOW)
    assert list(Award.objects.order_by("serial").values_list("serial", "state")) == [
        ("2026-0001", "valid"),
        ("2027-0001", "valid"),
    ]
    assert Award.objects.valid_on(date(2027, 6, 1)).get().serial == "2026-0001"
