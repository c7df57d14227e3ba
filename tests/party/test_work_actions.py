"""The work list: set out without loss, reviewed by a second person; problems and results."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from association.defaults import read_content
from association.models import AuditEvent
from association.workflow import ForbiddenMoveError
from association.working_days import UnknownYearError
from party import metrics
from party.actions import work as actions
from party.enums import ProblemState, WorkState
from party.models import Problem, WorkItem, WorkTask
from party.queries import work as queries
from tests.factories.accounts import UserFactory
from tests.factories.association import CalendarDayFactory, StoredFileFactory
from tests.factories.party import (
    PartyOrganisationFactory,
    ProblemFactory,
    WorkItemFactory,
    WorkPaperFactory,
    WorkTaskFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = date(2026, 3, 20)


def test_the_list_that_ships_has_5_basics_10_categories_36_items():
    document = read_content("party", "work_list.yaml")

    assert [actions.load_items(document, now=NOON) for _ in range(2)] == [36, 0]

    assert WorkItem.objects.values("basic_code").distinct().count() == 5
    assert WorkItem.objects.values("category_code").distinct().count() == 10
    assert not WorkItem.objects.filter(indicator="").exists()
    assert all(item.evidence for item in WorkItem.objects.all())


def test_a_year_is_set_out_and_again_without_loss():
    CalendarDayFactory()
    branch = PartyOrganisationFactory()
    WorkItemFactory(rhythm="monthly")
    WorkItemFactory(rhythm="quarterly")
    WorkItemFactory(rhythm="yearly", due_rule="11-30")
    by = UserFactory()

    assert actions.set_out(branch, 2026, by=by, now=NOON) == 12 + 4 + 1
    done = WorkTask.objects.first()
    actions.start(done, by=by, now=NOON)
    WorkItemFactory(rhythm="half_yearly")
    assert actions.set_out(branch, 2026, by=by, now=NOON) == 2

    done.refresh_from_db()
    assert done.state == WorkState.IN_PROGRESS
    assert WorkTask.objects.get(item__due_rule="11-30").due_on == date(2026, 11, 30)


def test_a_year_without_working_days_is_not_guessed():
    WorkItemFactory()

    with pytest.raises(UnknownYearError):
        actions.set_out(PartyOrganisationFactory(), 2031, by=UserFactory(), now=NOON)

    assert not WorkTask.objects.exists()


def ready() -> WorkTask:
    return WorkPaperFactory().task


def test_a_report_is_reviewed_by_a_second_person():
    task, clerk, lead = ready(), UserFactory(), UserFactory()
    actions.report(task, actions.WorkReport(note="已办"), by=clerk, now=NOON)

    with pytest.raises(actions.SamePersonError):
        actions.approve(task, by=clerk, now=NOON)
    actions.approve(task, by=lead, now=NOON)

    task.refresh_from_db()
    assert (task.state, task.reviewed_by) == (WorkState.DONE, lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkTask.objects.filter(pk=task.pk).update(reviewed_by=clerk)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"note": " "}, actions.FigureError),
        ({"figure": "3 次"}, actions.FigureError),
        ({"figure": "3 次", "figure_on": TODAY}, actions.FigureError),
        ({"figure_paper": "台账"}, actions.FigureError),
        (
            {"figure": "3", "figure_on": date(2026, 3, 21), "figure_paper": "台账"},
            actions.FigureError,
        ),
    ],
    ids=["no words", "figure alone", "no paper", "paper alone", "a day to come"],
)
def test_a_figure_names_its_day_and_its_paper(said, error):
    task = ready()

    with pytest.raises(error):
        actions.report(
            task, actions.WorkReport(**{"note": "已办"} | said), by=UserFactory(), now=NOON
        )

    task.refresh_from_db()
    assert task.state == WorkState.NOT_STARTED


def test_work_without_a_paper_is_not_handed_in():
    with pytest.raises(actions.EvidenceMissingError, match="记录"):
        actions.report(
            WorkTaskFactory(), actions.WorkReport(note="已办"), by=UserFactory(), now=NOON
        )


def test_returned_work_comes_back_and_a_mistaken_approval_is_taken_back():
    task, clerk, lead = ready(), UserFactory(), UserFactory()
    said = actions.WorkReport(note="已办")
    actions.report(task, said, by=clerk, now=NOON)
    with pytest.raises(actions.ReasonMissingError):
        actions.return_(task, note="", by=lead, now=NOON)
    actions.return_(task, note="缺签字", by=lead, now=NOON)
    actions.report(task, said, by=clerk, now=NOON)
    actions.approve(task, by=lead, now=NOON)
    with pytest.raises(actions.EvidenceMissingError, match="重新办理"):
        actions.attach(task, StoredFileFactory(), evidence="记录", by=clerk, now=NOON)
    actions.resume(task, note="材料放错", by=lead, now=NOON)
    actions.report(task, said, by=clerk, now=NOON)

    task.refresh_from_db()
    assert (task.state, task.reviewed_at) == (WorkState.IN_REVIEW, None)
    assert AuditEvent.objects.filter(act="party.work_resumed").count() == 1


def test_what_does_not_apply_says_why_and_can_be_resumed():
    task, by = WorkTaskFactory(), UserFactory()

    with pytest.raises(actions.ReasonMissingError):
        actions.excuse(task, note=" ", by=by, now=NOON)
    actions.excuse(task, note="本期没有发展党员", by=by, now=NOON)
    with pytest.raises(ForbiddenMoveError):
        actions.start(task, by=by, now=NOON)
    actions.resume(task, note="有一名", by=by, now=NOON)

    task.refresh_from_db()
    assert task.state == WorkState.IN_PROGRESS


def test_overdue_is_a_question_and_not_a_state():
    late = WorkTaskFactory(due_on=date(2026, 3, 19))
    WorkTaskFactory(due_on=date(2026, 3, 19), state=WorkState.NOT_APPLICABLE)
    WorkTaskFactory(due_on=TODAY)

    assert list(WorkTask.objects.overdue(on=TODAY)) == [late]


def test_the_ledger_counts_what_is_due_and_names_missing_papers():
    branch = PartyOrganisationFactory()
    item = WorkItemFactory(evidence=["记录", "照片"])
    by, lead = UserFactory(), UserFactory()
    whole = WorkTaskFactory(organisation=branch, item=item, period_start=date(2026, 1, 1))
    short = WorkTaskFactory(organisation=branch, item=item, period_start=date(2026, 2, 1))
    WorkTaskFactory(
        organisation=branch,
        item=item,
        period_start=date(2026, 5, 1),
        period_end=date(2026, 5, 31),
        due_on=date(2026, 5, 29),
    )
    for task, papers in ((whole, ["记录", "照片"]), (short, ["记录"])):
        for evidence in papers:
            WorkPaperFactory(task=task, evidence=evidence)
        actions.report(task, actions.WorkReport(note="已办"), by=by, now=NOON)
        actions.approve(task, by=lead, now=NOON)

    (row,) = queries.ledger(branch, 2026, today=TODAY)

    assert (row["due"], row["done"], row["whole"], row["percent"]) == (2, 2, 1, 100)
    assert row["missing"] == [{"task": short, "papers": ["照片"]}]


def test_a_category_of_which_nothing_is_due_has_no_share():
    task = WorkTaskFactory(
        period_start=date(2026, 5, 1), period_end=date(2026, 5, 31), due_on=date(2026, 5, 29)
    )

    (row,) = queries.ledger(task.organisation, 2026, today=TODAY)

    assert (row["due"], row["percent"]) == (0, None)


def test_a_metric_exists_when_a_room_has_registered_it(monkeypatch):
    monkeypatch.setattr(metrics, "_METRICS", {})
    task = WorkTaskFactory(item__metric="sample.rate")

    assert queries.figure_of(task, today=TODAY) is None
    metrics.register("sample.rate", lambda *asked: metrics.Figure(f"{asked[2]}"))

    # the period is not over: the figure is asked up to today
    assert queries.figure_of(task, today=TODAY).text == "2026-03-20"


# ------------------------------------------------------------------ problems and results


def facts(**more) -> actions.ProblemFacts:
    base = {
        "source": "组织生活会",
        "description": "示例问题",
        "owner_name": "示例甲",
        "measure": "示例措施",
        "due_on": date(2026, 4, 30),
    }
    return actions.ProblemFacts(**base | more)


def test_a_problem_is_struck_off_by_somebody_else_with_a_paper():
    branch, clerk, lead = PartyOrganisationFactory(), UserFactory(), UserFactory()
    problem = actions.raise_problem(branch, facts(), by=lead, now=NOON)

    with pytest.raises(ForbiddenMoveError):
        actions.accept(problem, acceptor_name="示例乙", by=lead, now=NOON)
    with pytest.raises(actions.EvidenceMissingError):
        actions.solve(problem, result="已改", paper=None, by=clerk, now=NOON)
    actions.solve(problem, result="已改", paper=StoredFileFactory(), by=clerk, now=NOON)
    with pytest.raises(actions.SamePersonError, match="责任人"):
        actions.accept(problem, acceptor_name="示例甲", by=lead, now=NOON)
    with pytest.raises(actions.SamePersonError, match="报成效的人"):
        actions.accept(problem, acceptor_name="示例乙", by=clerk, now=NOON)
    actions.accept(problem, acceptor_name="示例乙", by=lead, now=NOON)

    problem.refresh_from_db()
    assert (problem.state, problem.acceptor_name) == (ProblemState.ACCEPTED, "示例乙")


def test_the_database_strikes_nothing_off_without_result_and_second_person():
    problem = ProblemFactory()
    rows = Problem.objects.filter(pk=problem.pk)

    for change in ({"state": "solved"}, {"state": "accepted"}, {"accepted_at": NOON}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


def test_a_result_that_does_not_hold_goes_back_and_through_again():
    branch, clerk, lead = PartyOrganisationFactory(), UserFactory(), UserFactory()
    problem = actions.raise_problem(branch, facts(), by=lead, now=NOON)
    for _ in range(2):
        actions.solve(problem, result="已改", paper=StoredFileFactory(), by=clerk, now=NOON)
        actions.accept(problem, acceptor_name="示例乙", by=lead, now=NOON)
        with pytest.raises(actions.ReasonMissingError):
            actions.reject(problem, reason="", by=lead, now=NOON)
        actions.reject(problem, reason="复查不合格", by=lead, now=NOON)

    problem.refresh_from_db()
    assert (problem.state, problem.acceptor_name) == (ProblemState.OPEN, "")


def test_a_problem_has_a_day_to_come_and_its_own_task():
    branch = PartyOrganisationFactory()

    with pytest.raises(actions.ProblemFactsError, match="早于今天"):
        actions.raise_problem(branch, facts(due_on=date(2026, 3, 19)), by=UserFactory(), now=NOON)
    with pytest.raises(actions.ProblemFactsError, match="另一个"):
        actions.raise_problem(branch, facts(task=WorkTaskFactory()), by=UserFactory(), now=NOON)

    assert not Problem.objects.exists()
