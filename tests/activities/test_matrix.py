"""The completion matrix, the ledger, the list of what is due, and the month grid."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.roles import Role
from activities import actions
from activities.enums import Programme, Rhythm
from activities.models import Activity, Duty
from activities.queries import calendar, ledger, matrix
from activities.queries.radar import radar
from association.defaults import read_content
from association.models import CalendarDay
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    ActivityPaperFactory,
    DutyFactory,
    ObligationFactory,
    obligation_in,
)
from tests.factories.party import PartyOrganisationFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 4, 10)


def month(duty: Duty, n: int, **more):
    return ObligationFactory(
        duty=duty,
        period_start=date(2026, n, 1),
        period_end=date(2026, n, 28),
        due_on=date(2026, n, 28),
        **more,
    )


def cells(**more) -> list[matrix.Cell]:
    return matrix.completion_matrix(2026, today=TODAY, **more)[0].cells


def test_cells_say_in_words_how_it_stands():
    duty = DutyFactory(evidence=["照片", "方案"])
    done, lacking, waiting, missed, now, planned, later = (month(duty, n) for n in range(1, 8))
    for obligation in (done, lacking):
        activity = ActivityFactory(verified=True, obligations=[obligation])
        ActivityPaperFactory(activity=activity, kind="photo")
    ActivityPaperFactory(activity=done.activities.get(), filed_as=["方案"])
    entered = ActivityFactory(obligations=[waiting])
    ActivityPaperFactory(activity=entered, filed_as=["*"])
    ActivityFactory(planned=True, held_on=date(2026, 6, 16), obligations=[planned])
    ActivityFactory(state="cancelled", cancelled_at="2026-03-01T09:00+08:00", cancelled_reason="雨",
                    cancelled_by=make_user(), obligations=[missed])  # fmt: skip

    (row,) = matrix.completion_matrix(2026, today=date(2026, 5, 10))

    assert [(c.state, c.words) for c in row.cells] == [
        ("done", "已完成"),
        ("part", "缺方案"),
        ("part", "待核实"),
        ("over", "未开展"),
        ("now", "5月28日前"),
        ("plan", "已排在6月16日"),
        ("todo", "未到期"),
    ]
    assert (now.period, later.period) == ("2026年5月", "2026年7月")


def test_this_month_says_until_when_and_an_unknown_day_says_so():
    duty = DutyFactory()
    month(duty, 4)
    ObligationFactory(due_on=None, period_start=date(2026, 4, 1), period_end=date(2026, 6, 30))

    rows = matrix.completion_matrix(2026, today=TODAY)

    assert [row.cells[0].words for row in rows] == [
        "4月28日前",
        "期限待定（2026 年节假日安排还没有录入）",
    ]
    assert [row.cells[0].span for row in rows] == [1, 3]


def test_four_times_a_year_are_counted_one_by_one():
    duty = DutyFactory(rhythm="year", due_rule="last_workday(year)", times=4, evidence=[])
    year = ObligationFactory(
        duty=duty, period_start=date(2026, 1, 1), period_end=date(2026, 12, 31), due_on=None
    )
    for _ in range(3):
        ActivityFactory(verified=True, obligations=[year])

    rows = matrix.completion_matrix(2026, today=TODAY)
    (drawn,) = matrix.drawn_rows(rows, matrix.Reader(TODAY))
    assert (cells()[0].state, drawn["cells"][0]["text"]) == ("now", "3/4 次")
    ActivityFactory(verified=True, obligations=[year])
    assert cells()[0].state == "done"


def test_the_weeks_of_a_month_share_a_cell_that_shows_the_worst():
    duty = DutyFactory(rhythm=Rhythm.WEEK, due_rule="nth_weekday(week, 1, 周一)", evidence=[])
    weeks = [
        obligation_in(date(2026, 3, d), date(2026, 3, d + 6), date(2026, 3, d), duty=duty)
        for d in (2, 9, 16, 23)
    ]
    for week in weeks[:3]:
        ActivityFactory(verified=True, obligations=[week])

    (cell,) = cells()

    assert (cell.state, cell.words, cell.obligation) == ("over", "3/4 周，未开展", weeks[3])
    drawn = matrix.drawn_rows(
        matrix.completion_matrix(2026, today=TODAY), matrix.Reader(TODAY, may_record=True)
    )
    assert drawn[0]["cells"][0] == {
        "span": 1,
        "state": "over",
        "text": "3/4",
        "label": "2026年3月一志愿，3/4 周，未开展",
        "url": reverse("activities:period", args=[weeks[3].pk]),
    }


def test_every_cell_leads_to_the_record_or_to_entering_one():
    duty = DutyFactory(evidence=[])
    done, missed, now, later = (month(duty, n) for n in (1, 3, 4, 5))
    now.period_start, now.period_end = date(2026, 4, 1), date(2026, 4, 30)
    activity = ActivityFactory(verified=True, obligations=[done])
    rows = matrix.completion_matrix(2026, today=TODAY)
    record = reverse("activities:record")

    def urls(*, may_record: bool) -> list[str]:
        reader = matrix.Reader(TODAY, may_record=may_record)
        return [cell["url"] for cell in matrix.drawn_rows(rows, reader)[0]["cells"]]

    page = reverse("activities:detail", args=[activity.pk])
    assert urls(may_record=True) == [
        page,
        f"{record}?obligation={missed.pk}",
        f"{record}?obligation={now.pk}",
        reverse("activities:period", args=[later.pk]),
    ]
    assert urls(may_record=False)[1] == reverse("activities:period", args=[missed.pk])


@pytest.fixture
def whole_programme():
    """All duties of the content, for the association and one branch, each with a record."""
    CalendarDay.objects.create(day=date(2026, 1, 1), is_working=False, name="元旦")
    actions.load_programme(
        read_content("activities", "programme.yaml"), now=make_user().date_joined
    )
    Duty.objects.filter(code__in=["duty/A15", "duty/A18", "duty/E10"]).update(is_active=True)
    branch = PartyOrganisationFactory(has_committee=True)
    actions.oblige(2026, since=date(2026, 1, 1), now=make_user().date_joined)
    return branch


@pytest.mark.parametrize("records", [1, 40])
def test_forty_duties_and_twelve_months_in_five_queries(
    whole_programme, records, django_assert_num_queries
):
    obligations = list(whole_programme.obligations.all()[:records])
    for obligation in obligations:
        ActivityPaperFactory(activity=ActivityFactory(obligations=[obligation]))

    with django_assert_num_queries(5):  # three of this room, two for the meetings of the Party
        rows = matrix.completion_matrix(2026, today=TODAY, hosts=[None, whole_programme.pk])

    assert len(rows) == 40
    assert sum(cell.span for row in rows for cell in row.cells) >= 40 * 12 - 12
    assert {row.duty.programme for row in rows} == set(Programme.values)


def test_the_whole_matrix_page_takes_twelve_queries(
    client, whole_programme, django_assert_max_num_queries
):
    for obligation in whole_programme.obligations.all()[:40]:
        ActivityPaperFactory(activity=ActivityFactory(obligations=[obligation]))
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse("activities:matrix")
    client.get(address, {"year": 2026})

    with django_assert_max_num_queries(12):
        page = client.get(address, {"year": 2026}).content.decode()

    assert page.count('<th scope="row">') == 40
    assert "支部党员大会" in page


def test_the_ledger_has_a_line_for_every_record_and_every_gap():
    duty = DutyFactory(evidence=[])
    first, _gap = month(duty, 1), month(duty, 2)
    for n in (5, 19):
        ActivityFactory(
            verified=True, title=f"义诊{n}", held_on=date(2026, 1, n), obligations=[first]
        )
    month(duty, 9)

    (section,) = ledger.sections(2026, today=TODAY, programmes=[Programme.SIX_ONES], hosts=[None])

    lines = [(line.period, line.held, line.title, line.state) for line in section.duties[0][1]]
    assert lines == [
        ("1月", "01-05", "义诊5", "已完成"),
        ("", "01-19", "义诊19", "已核实"),
        ("2月", "", "", "未开展"),
    ]


def test_the_radar_sorts_by_what_is_urgent_and_forgets_what_is_explained():
    clerk = make_user(Role.SECRETARIAT)
    duty = DutyFactory(evidence=["方案"])
    march = month(duty, 3)
    soon = ObligationFactory(
        period_start=date(2026, 4, 1), period_end=date(2026, 4, 30), due_on=date(2026, 4, 14)
    )
    late = ObligationFactory(
        period_start=date(2026, 4, 1), period_end=date(2026, 4, 30), due_on=date(2026, 4, 30)
    )
    quarter = ObligationFactory(
        period_start=date(2026, 4, 1), period_end=date(2026, 6, 30), due_on=date(2026, 6, 30)
    )
    open_day = ObligationFactory(
        period_start=date(2026, 4, 1), period_end=date(2026, 6, 30), due_on=None
    )
    lacking = month(duty, 4)
    ActivityFactory(verified=True, obligations=[lacking])
    month(duty, 1)  # over for longer than a month
    month(duty, 7)  # not begun

    def found() -> list[tuple]:
        return [
            (band.key, [line.cell.obligation for line in band.lines])
            for band in radar(clerk, today=TODAY, reader=matrix.Reader(TODAY, may_record=True))
        ]

    assert found() == [
        ("over", [march]),
        ("week", [soon]),
        ("month", [late]),
        ("papers", [lacking]),
        ("later", [quarter]),
        ("unknown", [open_day]),
    ]
    actions.explain(march, "台风", by=clerk, now=clerk.date_joined)
    assert found()[0][0] == "week"


def test_the_grid_fills_its_weeks_and_marks_rest_and_make_up_days():
    CalendarDay.objects.create(day=date(2026, 5, 1), is_working=False, name="劳动节")
    CalendarDay.objects.create(day=date(2026, 5, 9), is_working=True, name="劳动节")
    for n in range(6):
        ActivityFactory(held_on=date(2026, 5, 14), title=f"生日会{n}")
    ActivityFactory(
        held_on=date(2026, 4, 30),
        state="discarded",
        discarded_reason="重复",
        discarded_at="2026-05-01T09:00+08:00",
    )

    month = calendar.month_of(Activity.objects.all(), 2026, 5, today=date(2026, 5, 20))

    weeks = month.weeks
    days = {day.day: day for week in weeks for day in week}
    assert weeks[0][0].day == date(2026, 4, 27)
    assert len(weeks) == 5
    assert (days[date(2026, 5, 1)].note, days[date(2026, 5, 9)].note) == ("休", "班")
    assert (days[date(2026, 5, 9)].is_weekend, days[date(2026, 5, 10)].is_weekend) == (False, True)
    busy = days[date(2026, 5, 14)]
    assert ([e.title for e in busy.events], busy.more) == (
        ["生日会0", "生日会1", "生日会2"],
        3,
    )
    assert days[date(2026, 4, 30)].events == ()
    assert days[date(2026, 5, 20)].is_today


@pytest.mark.parametrize("count", [1, 5])
def test_the_month_asks_the_same_number_of_queries(count, django_assert_num_queries):
    for n in range(count):
        activity = ActivityFactory(held_on=date(2026, 5, 1 + n), obligations=[ObligationFactory()])
        ActivityPaperFactory(activity=activity)

    with django_assert_num_queries(4):
        calendar.month_of(Activity.objects.all(), 2026, 5, today=date(2026, 5, 20))


def test_a_held_activity_says_what_it_lacks():
    duty = DutyFactory(evidence=["照片", "方案"])
    activity = ActivityFactory(
        obligations=[ObligationFactory(duty=duty)], held_on=date(2026, 5, 2), kind="training"
    )
    ActivityPaperFactory(activity=activity, kind="photo")

    (day,) = calendar.agenda(
        Activity.objects.all(), first=date(2026, 5, 1), days=10, today=date(2026, 5, 1)
    )

    assert day["word"] == "明天"
    assert [(e["kind"], e["note"]) for e in day["events"]] == [("train", "缺方案")]
    month = calendar.month_of(Activity.objects.all(), 2026, 5, today=date(2026, 5, 1))
    assert (month.count, month.held, month.lacking) == (1, 1, 1)
