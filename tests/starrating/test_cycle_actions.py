"""The life of a cycle: open, review, rate, sign, notify, publicise, award."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.roles import Role
from association import jobs
from association.models import AuditEvent, CalendarDay, Delivery, Job
from association.workflow import ForbiddenMoveError
from association.working_days import UnknownYearError
from starrating.actions import cycle as cycles
from starrating.actions import entry, notice, rating, review
from starrating.evidence import stale
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


PLAN = {
    "name": "2026 年度",
    "starts_on": date(2026, 1, 1),
    "ends_on": date(2026, 12, 31),
    "entry_closes_on": date(2026, 12, 10),
    "review_closes_on": date(2026, 12, 20),
    "valid_from": date(2027, 1, 1),
    "valid_to": date(2027, 12, 31),
}


def planned(secretary, **fields):
    draft = cycles.Plan(**(PLAN | {"scheme": SchemeFactory()} | fields))
    return cycles.plan(draft, by=secretary, now=NOW)


def test_a_planned_cycle_keeps_what_was_entered_and_opens_nothing(secretary):
    PharmacyFactory()
    cycle = planned(secretary, name=" 2026 年度 ", expected_top_share=25)
    assert (cycle.name, cycle.state, cycle.expected_top_share) == ("2026 年度", "draft", 25)
    assert not Assessment.objects.exists()
    assert AuditEvent.objects.get(act="cycle.planned").target_label == "2026 年度"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"name": " "}, "name", id="no name"),
        pytest.param({"ends_on": date(2025, 12, 31)}, "ends_on", id="period backwards"),
        pytest.param({"entry_closes_on": date(2026, 11, 20)}, "entry_closes_on", id="ends today"),
        pytest.param(
            {"review_closes_on": date(2026, 12, 9)}, "review_closes_on", id="review first"
        ),
        pytest.param(
            {"newest_opening_on": date(2027, 1, 1)}, "newest_opening_on", id="opens after"
        ),
        pytest.param({"valid_to": date(2026, 12, 31)}, "valid_to", id="term backwards"),
        pytest.param({"objection_working_days": 0}, "objection_working_days", id="no objections"),
        pytest.param({"publicity_working_days": 0}, "publicity_working_days", id="no publicity"),
        pytest.param({"expected_top_share": 101}, "expected_top_share", id="more than all"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_at_its_field(secretary, fields, field):
    with pytest.raises(cycles.CycleDatesError) as refused:
        planned(secretary, **fields)
    assert refused.value.field == field
    assert not Cycle.objects.exists()


def test_a_name_is_taken_until_its_cycle_is_called_off(secretary):
    cycle = planned(secretary)
    with pytest.raises(cycles.CycleDatesError, match="已有名为“2026 年度”的周期"):
        planned(secretary)
    cycles.cancel(cycle, reason="标准要重新讨论", by=secretary, now=NOW)
    assert planned(secretary).name == cycle.name
    with pytest.raises(DatabaseError, match="name_unique"), transaction.atomic():
        CycleFactory(name=cycle.name)


def test_a_draft_is_changed_and_an_open_cycle_is_not(secretary):
    cycle = planned(secretary)
    draft = cycles.Plan(**(PLAN | {"scheme": cycle.scheme, "ends_on": date(2026, 11, 30)}))
    cycles.replan(cycle, draft, by=secretary, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).ends_on == date(2026, 11, 30)
    assert AuditEvent.objects.get(act="cycle.replanned").detail == {"changed": ["ends_on"]}
    cycles.open_(cycle, by=secretary, now=NOW)
    with pytest.raises(ForbiddenMoveError):
        cycles.replan(cycle, draft, by=secretary, now=NOW)


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [
        pytest.param({"valid_from": date(2026, 12, 1)}, "今天不在其中", id="not yet in force"),
        pytest.param(
            {"valid_from": date(2025, 1, 1), "valid_to": date(2026, 11, 19)},
            "今天不在其中",
            id="no longer in force",
        ),
    ],
)
def test_a_cycle_opens_only_on_a_scheme_in_force(secretary, scheme, sentence):
    cycle = planned(secretary, scheme=SchemeFactory(**scheme))
    with pytest.raises(cycles.SchemeNotPublishedError, match=sentence):
        cycles.open_(cycle, by=secretary, now=NOW)
    assert Cycle.objects.get(pk=cycle.pk).state == "draft"


def test_a_cycle_does_not_open_after_its_own_last_day(secretary):
    cycle = planned(secretary)
    with pytest.raises(cycles.CycleDatesError, match="2026年12月10日已经过了"):
        cycles.open_(cycle, by=secretary, now=datetime(2026, 12, 11, 2, 0, tzinfo=UTC))


def test_the_last_days_are_put_off_and_who_still_owes_is_told(secretary):
    case = AssessmentFactory()
    owner = owner_of(case.pharmacy)
    later = {"entry_closes_on": date(2026, 12, 5), "review_closes_on": date(2026, 12, 31)}
    cycles.extend(case.cycle, **later, reason="台风停业", by=secretary, now=NOW)
    fresh = Cycle.objects.get(pk=case.cycle.pk)
    assert (fresh.entry_closes_on, fresh.review_closes_on) == (
        date(2026, 12, 5),
        date(2026, 12, 31),
    )
    message = Delivery.objects.get(recipient=owner).message
    assert message.subject.endswith("自评延期到 12月5日")
    assert "台风停业" in message.body


@pytest.mark.parametrize(
    ("days", "reason", "error"),
    [
        pytest.param(
            (date(2026, 11, 29), date(2027, 1, 9)), "x", cycles.CycleDatesError, id="back"
        ),
        pytest.param(
            (date(2026, 11, 30), date(2026, 12, 31)), "x", cycles.CycleDatesError, id="same"
        ),
        pytest.param(
            (date(2027, 1, 5), date(2026, 12, 31)), "x", cycles.CycleDatesError, id="late"
        ),
        pytest.param(
            (date(2026, 12, 5), date(2027, 1, 9)), " ", cycles.ReasonMissingError, id="why"
        ),
    ],
)
def test_putting_off_goes_forward_in_order_and_with_a_reason(secretary, days, reason, error):
    cycle = CycleFactory()
    with pytest.raises(error):
        cycles.extend(
            cycle,
            entry_closes_on=days[0],
            review_closes_on=days[1],
            reason=reason,
            by=secretary,
            now=NOW,
        )
    assert Cycle.objects.get(pk=cycle.pk).review_closes_on == date(2026, 12, 31)


def test_calling_a_cycle_off_tells_the_shops_that_were_asked(secretary):
    case = AssessmentFactory()
    owner = owner_of(case.pharmacy)
    cycles.cancel(case.cycle, reason="主管部门要求暂缓", by=secretary, now=NOW)
    assert "主管部门要求暂缓" in Delivery.objects.get(recipient=owner).message.body


@pytest.mark.parametrize("act", [cycles.excuse, cycles.decline])
def test_who_was_left_out_by_mistake_is_taken_in_again_and_hands_in_once_more(secretary, act):
    case = AssessmentFactory()
    owner = owner_of(case.pharmacy)
    act(case, reason="误操作", by=secretary, now=NOW)
    with pytest.raises(cycles.ReasonMissingError):
        cycles.readmit(case, reason="", by=secretary, now=NOW)
    cycles.readmit(case, reason="上次点错了", by=secretary, now=NOW)
    fresh = Assessment.objects.get(pk=case.pk)
    assert (fresh.state, fresh.closing_reason) == ("returned", "")
    assert "上次点错了" in fresh.notes.get().text
    assert Delivery.objects.filter(recipient=owner, message__subject__contains="恢复参加").exists()
    entry.save_answers(fresh, answers=best_answers(fresh.cycle.scheme), by=owner, now=NOW)
    assert entry.submit(fresh, by=owner, now=NOW).state == "submitted"


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
    assert list(stale(cycle)) == []
    case.sheet["R01"]["department"]["value"] = "1"
    case.save(update_fields=["sheet"])
    assert list(stale(cycle)) == [case]


@pytest.mark.parametrize("shops", [1, 3])
def test_a_batch_costs_the_same_statements_for_one_and_three(shops, django_assert_num_queries):
    cycle = CycleFactory(state="review")
    pks = [AssessmentFactory(cycle=cycle).pk for _ in range(shops)]
    with django_assert_num_queries(12):
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
    with pytest.raises(notice.GateBlockedError, match="正在试评"):
        notice.sign_first(cycle, note="", by=secretary, now=NOW)
    run_jobs()
    notice.sign_first(cycle, note="", by=secretary, now=NOW)
    notice.gate(cycle, checked=[case.pk], by=adjudicator, now=NOW)
    notice.reopen(cycle, reason="漏了一份材料", by=secretary, now=NOW)
    fresh = Cycle.objects.get(pk=cycle.pk)
    assert (fresh.state, fresh.gate_first_by, fresh.gate_second_by) == ("review", None, None)


def test_a_late_batch_never_writes_over_figures_that_two_people_have_signed(secretary, adjudicator):
    cycle, case = gated(secretary, adjudicator)
    case.sheet["R01"]["department"]["value"] = "1"
    case.save(update_fields=["sheet"])
    with pytest.raises(rating.RatingClosedError):
        rating.rate_batch(cycle, [case.pk], now=NOW)
    assert Assessment.objects.get(pk=case.pk).preview_total == 100


def test_a_cycle_without_shops_is_not_signed(secretary):
    with pytest.raises(notice.GateBlockedError, match="没有药店"):
        notice.sign_first(CycleFactory(state="review"), note="", by=secretary, now=NOW)


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
    told = Delivery.objects.get(key__startswith=f"cycle:{cycle.pk}:final:").message
    assert told.subject.endswith("星级证书可以下载了")
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


@pytest.mark.django_db(transaction=True)
def test_two_people_who_press_in_the_same_second_pass_the_gate_once():
    secretary = make_user(Role.SECRETARIAT)
    judges = [make_user(Role.ADJUDICATOR), make_user(Role.ADJUDICATOR)]
    cycle = CycleFactory(state="review")
    case = AssessmentFactory(cycle=cycle)
    rated(cycle)
    notice.sign_first(cycle, note="", by=secretary, now=NOW)
    start, outcomes = Barrier(2), []

    def press(judge):
        start.wait()
        try:
            notice.gate(cycle, checked=[case.pk], by=judge, now=NOW)
            outcomes.append(judge.pk)
        except ForbiddenMoveError as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=press, args=[judge]) for judge in judges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    passed = [outcome for outcome in outcomes if isinstance(outcome, int)]
    fresh = Cycle.objects.get(pk=cycle.pk)
    assert (fresh.state, [fresh.gate_second_by_id]) == ("gated", passed)
    assert len(outcomes) == 2
    assert AuditEvent.objects.filter(act="cycle.gated").count() == 1
