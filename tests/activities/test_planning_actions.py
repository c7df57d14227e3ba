"""The plan: one or many, changed with the past protected, published, called off, fixed."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.roles import Role
from activities import actions
from activities.models import Activity, PlanVersion, Series, SignUp
from activities.queries import planning
from activities.queries.planning import Scope
from association.errors import BusinessRuleError
from association.models import AuditEvent, Delivery
from association.workflow import ForbiddenMoveError
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    DutyFactory,
    ObligationFactory,
    SeriesFactory,
    SignUpFactory,
)
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.party import PartyOrganisationFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 20, 12, tzinfo=SHANGHAI)


def schedule(**more) -> actions.Schedule:
    return actions.Schedule(**{"title": "社区义诊", "held_on": date(2026, 3, 28)} | more)


def series_of(*days: date, **more) -> list[Activity]:
    series = SeriesFactory()
    more = {"planned": True, "title": "周例会"} | more
    return [ActivityFactory(series=series, held_on=day, **more) for day in days]


def moved(activity: Activity, **more) -> actions.Schedule:
    names = actions.planning.COLUMNS
    return actions.Schedule(**{name: getattr(activity, name) for name in names} | more)


def test_a_planned_activity_stands_for_its_obligation_and_takes_its_kind():
    obligation = ObligationFactory()

    activity = actions.plan(schedule(duties=(obligation.code,)), by=make_user(), now=NOON)

    assert (activity.state, activity.kind) == ("planned", "volunteer")
    assert list(activity.obligations.all()) == [obligation]
    assert activity.series is None
    assert AuditEvent.objects.get().act == "activity.planned"


def test_several_days_make_a_series_with_its_own_cut_off_each():
    days = [date(2026, 3, 30), date(2026, 4, 6), date(2026, 4, 13)]
    until = datetime(2026, 3, 27, 23, 59, tzinfo=SHANGHAI)

    planned = actions.plan_series(
        schedule(held_on=days[0], sign_up_until=until), days, by=make_user(), now=NOON
    )

    assert [a.held_on for a in planned] == days
    assert {a.series_id for a in planned} == {Series.objects.get().pk}
    assert [a.sign_up_until - until for a in planned] == [timedelta(weeks=n) for n in range(3)]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"held_on": date(2026, 3, 19)}, "不能早于今天"),
        ({"ends_at": time(9)}, "也请填开始时间"),
        ({"starts_at": time(10), "ends_at": time(9)}, "晚于开始时间"),
        ({"places": 3, "places_per_shop": 4}, "不能多于总名额"),
        (
            {"sign_up_until": datetime(2026, 3, 29, 12, tzinfo=SHANGHAI)},
            "在活动当天或之前",
        ),
        ({"duties": ("duty/none",)}, "任务清单还没有生成"),
    ],
    ids=["past", "end without start", "end before start", "places", "cut-off", "no periods"],
)
def test_plan_refuses_and_writes_nothing(more, words):
    with pytest.raises(BusinessRuleError, match=words):
        actions.plan(schedule(**more), by=make_user(), now=NOON)

    assert not Activity.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_change_of_one_leaves_the_others():
    first, second, third = series_of(date(2026, 3, 23), date(2026, 3, 30), date(2026, 4, 6))

    actions.change(second, moved(second, held_on=date(2026, 3, 31)), by=make_user(), now=NOON)

    days = Activity.objects.order_by("pk").values_list("held_on", "sequence")
    assert list(days) == [
        (first.held_on, 0), (date(2026, 3, 31), 1), (third.held_on, 0),
    ]  # fmt: skip


def test_a_change_of_the_following_moves_them_by_as_many_days_and_spares_the_past():
    past, first, second, third = series_of(
        date(2026, 3, 16), date(2026, 3, 23), date(2026, 3, 30), date(2026, 4, 6)
    )
    held = ActivityFactory(series=first.series, held_on=date(2026, 3, 30))
    new = moved(second, held_on=date(2026, 3, 31), starts_at=time(14))

    changed = actions.change(second, new, scope=Scope.FOLLOWING, by=make_user(), now=NOON)

    assert [a.pk for a in changed] == [second.pk, third.pk]
    rows = {a.pk: (a.held_on, a.starts_at) for a in Activity.objects.all()}
    assert rows[second.pk] == (date(2026, 3, 31), time(14))
    assert rows[third.pk] == (date(2026, 4, 7), time(14))
    assert rows[first.pk] == (date(2026, 3, 23), None)
    assert rows[past.pk] == (date(2026, 3, 16), None)
    assert rows[held.pk] == (date(2026, 3, 30), None)


def test_a_change_of_all_writes_only_what_differs():
    first, second = series_of(date(2026, 3, 23), date(2026, 3, 30))
    Activity.objects.filter(pk=second.pk).update(title="周例会（扩大）")

    actions.change(first, moved(first, place="会议室"), scope=Scope.ALL, by=make_user(), now=NOON)

    rows = Activity.objects.order_by("pk").values_list("title", "place")
    assert list(rows) == [("周例会", "会议室"), ("周例会（扩大）", "会议室")]


def test_nothing_is_moved_into_the_past():
    first, _second = series_of(date(2026, 3, 21), date(2026, 3, 30))

    with pytest.raises(actions.PastDateError):
        actions.change(
            _second,
            moved(_second, held_on=date(2026, 3, 20)),
            scope=Scope.ALL,
            by=make_user(),
            now=NOON,
        )

    first.refresh_from_db()
    assert first.held_on == date(2026, 3, 21)


def test_who_has_signed_up_is_told_of_a_new_day_and_not_of_a_new_notice():
    entry = SignUpFactory(activity__held_on=date(2026, 3, 28))
    activity, clerk = entry.activity, make_user()

    actions.change(activity, moved(activity, notice="请带身份证"), by=clerk, now=NOON)
    assert not Delivery.objects.exists()
    actions.change(
        activity,
        moved(activity, notice="请带身份证", held_on=date(2026, 3, 29)),
        by=clerk,
        now=NOON,
    )

    delivery = Delivery.objects.get()
    assert delivery.recipient == entry.signed_by
    assert "3月29日" in delivery.message.body


def test_places_cannot_fall_below_what_is_taken():
    activity = ActivityFactory(published=True, held_on=date(2026, 3, 28), places=5, taken=3)

    with pytest.raises(actions.PlacesError, match="不能少于 3"):
        actions.change(activity, moved(activity, places=2), by=make_user(), now=NOON)


def test_a_held_activity_is_not_planned_again():
    activity = ActivityFactory()

    with pytest.raises(ForbiddenMoveError, match="待核实"):
        actions.change(activity, moved(activity), by=make_user(), now=NOON)


def test_publish_tells_every_owner_when_asked():
    owner = owner_of(PharmacyFactory())
    activity = ActivityFactory(planned=True, audience="members", held_on=date(2026, 3, 28))

    actions.publish(activity, tell=True, by=make_user(), now=NOON)

    assert Delivery.objects.get().recipient == owner
    assert Activity.objects.get().state == "published"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"audience": "office"}, "内部安排"),
        ({"audience": "members", "held_on": date(2026, 3, 19)}, "已经过去"),
    ],
)
def test_publish_refuses(more, words):
    activity = ActivityFactory(planned=True, **{"held_on": date(2026, 3, 28)} | more)

    with pytest.raises(BusinessRuleError, match=words):
        actions.publish(activity, by=make_user(), now=NOON)


def test_cancelling_tells_those_signed_up_and_gives_the_places_back():
    entry = SignUpFactory(
        activity__held_on=date(2026, 3, 28), activity__places=1, activity__taken=1
    )
    activity = entry.activity

    actions.cancel(activity, reason="台风预警", by=make_user(), now=NOON)

    activity.refresh_from_db()
    assert (activity.state, activity.taken, activity.sequence) == ("cancelled", 0, 1)
    assert SignUp.objects.get().state == "withdrawn"
    assert "台风预警" in Delivery.objects.get().message.body
    restored = actions.restore(activity, by=make_user(), now=NOON)
    assert (restored.state, restored.published_at, restored.sequence) == ("planned", None, 2)


def test_cancelling_the_following_spares_what_came_before():
    first, second, third = series_of(date(2026, 3, 23), date(2026, 3, 30), date(2026, 4, 6))

    off = actions.cancel(second, reason="停办", scope=Scope.FOLLOWING, by=make_user(), now=NOON)

    assert [a.pk for a in off] == [second.pk, third.pk]
    assert list(Activity.objects.coming()) == [first]


def test_the_plan_becomes_the_record():
    obligation = ObligationFactory()
    activity = ActivityFactory(planned=True, held_on=date(2026, 3, 14), obligations=[obligation])
    report = actions.Report(
        title="社区义诊", held_on=date(2026, 3, 15), duties=(obligation.code,), beneficiaries=80,
        beneficiaries_by="counted",
    )  # fmt: skip

    held = actions.hold(activity, report, by=make_user(), now=NOON)

    assert (held.state, held.held_on, held.beneficiaries) == ("recorded", date(2026, 3, 15), 80)
    assert held.obligations.get() == obligation
    assert AuditEvent.objects.get().act == "activity.held"


def draft_row(obligation, day, title="3月义诊") -> actions.DraftRow:
    return actions.DraftRow(obligation=obligation.pk, title=title, held_on=day)


def test_a_draft_becomes_one_series_for_each_duty_and_host():
    duty = DutyFactory()
    march = ObligationFactory(duty=duty)
    april = ObligationFactory(
        duty=duty,
        period_start=date(2026, 4, 1),
        period_end=date(2026, 4, 30),
        due_on=date(2026, 4, 30),
    )
    branch = PartyOrganisationFactory()
    theirs = ObligationFactory(organisation=branch)

    rows = [
        draft_row(march, date(2026, 3, 27)),
        draft_row(april, date(2026, 4, 27)),
        draft_row(theirs, date(2026, 3, 25)),
    ]
    planned = actions.adopt_draft(rows, by=make_user(), now=NOON)
    again = actions.adopt_draft(rows, by=make_user(), now=NOON)

    assert [a.held_on.day for a in planned] == [25, 27, 27]
    assert planned[0].organisation == branch
    assert [planned[1].series_id == a.series_id for a in planned] == [False, True, True]
    assert again == []


@pytest.mark.parametrize(
    ("day", "words"),
    [(date(2026, 3, 19), "已经过去"), (date(2026, 4, 1), "不在2026年3月之内")],
)
def test_a_draft_line_outside_its_days_is_refused_whole(day, words):
    rows = [draft_row(ObligationFactory(), date(2026, 3, 27)), draft_row(ObligationFactory(), day)]

    with pytest.raises(actions.PastDateError, match=words):
        actions.adopt_draft(rows, by=make_user(), now=NOON)

    assert not Activity.objects.exists()


def test_the_plan_is_fixed_in_versions_that_differ():
    activity = ActivityFactory(planned=True, held_on=date(2026, 3, 28))
    clerk = make_user(Role.SECRETARIAT)

    with pytest.raises(actions.NothingToPlanError):
        actions.fix_plan(2027, note="", by=clerk, now=NOON)
    first = actions.fix_plan(2026, note="理事会通过", by=clerk, now=NOON)
    with pytest.raises(actions.PlanUnchangedError, match="第 1 版一样"):
        actions.fix_plan(2026, note="", by=clerk, now=NOON)
    actions.change(activity, moved(activity, held_on=date(2026, 3, 29)), by=clerk, now=NOON)
    second = actions.fix_plan(2026, note="", by=clerk, now=NOON)

    assert [version.number for version in (first, second)] == [1, 2]
    assert PlanVersion.objects.get(number=1).rows[0]["day"] == "2026-03-28"


def test_left_alone_counts_the_past_and_the_held():
    _past, first = series_of(date(2026, 3, 16), date(2026, 3, 23))
    ActivityFactory(series=first.series, held_on=date(2026, 3, 23))

    assert planning.left_alone(first, today=NOON.date()) == 2
