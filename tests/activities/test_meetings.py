"""Meetings of the association: minutes meet the duty, items stay on a list until they are done."""

from datetime import date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.roles import Role
from activities import actions
from activities.actions import AgendaLine, MinutesText, NewItem
from activities.enums import Programme, Rhythm
from activities.models import ActionItem, Activity, Duty, Obligation
from activities.queries import meetings as queries
from activities.queries.matrix import cells_of
from association.errors import BusinessRuleError
from association.models import AuditEvent, Delivery
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActionItemFactory,
    ActivityFactory,
    DutyFactory,
    MinutesFactory,
    ObligationFactory,
)

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 3, 16)
EVENING = datetime(2026, 3, 16, 18, tzinfo=SHANGHAI)
AGENDA = ["上周任务完成情况", "本周任务与责任人"]


def weekly(day: date = MONDAY, **more) -> Obligation:
    duty = Duty.objects.filter(code="duty/C01").first() or DutyFactory(
        code="duty/C01",
        name="周例会",
        programme=Programme.MEETINGS,
        kind="meeting",
        rhythm=Rhythm.WEEK,
        due_rule="nth_weekday(week, 1, 周一)",
        evidence=["议题", "上周完成", "本周任务", "责任人"],
        agenda=AGENDA,
    )
    start = day - timedelta(days=day.weekday())
    return ObligationFactory(
        duty=duty, period_start=start, period_end=start + timedelta(days=6), due_on=day, **more
    )


def meeting(day: date = MONDAY, *, obligation=None, **more) -> Activity:
    return ActivityFactory(
        planned=True, held_on=day, title="周例会", kind="meeting",
        obligations=[obligation or weekly(day)], **more,
    )  # fmt: skip


def text(*items: NewItem, **more) -> MinutesText:
    given = {"chair": "甲", "recorder": "乙", "present": "甲、乙、丙", "items": items} | more
    return MinutesText(agenda=(AgendaLine(AGENDA[0], "都办了"), AgendaLine(AGENDA[1])), **given)


def item(**more) -> NewItem:
    return NewItem(**{"text": "发通知", "owner": "丙", "due_on": MONDAY + timedelta(3)} | more)


@pytest.fixture
def clerk():
    return make_user(Role.SECRETARIAT, real_name="丙")


# ------------------------------------------------------------------ minutes


def test_the_minutes_hold_the_meeting_and_verified_it_meets_the_duty_without_a_paper(clerk):
    obligation = weekly()
    activity = meeting(obligation=obligation)

    actions.write_minutes(activity, text(item()), by=clerk, now=EVENING)
    actions.verify(activity, by=clerk, now=EVENING)

    activity.refresh_from_db()
    assert (activity.state, activity.recorded_by) == ("verified", clerk)
    assert list(activity.minutes.agenda.order_by("order").values_list("order", "said")) == [
        (1, "都办了"),
        (2, ""),
    ]
    (cell,) = cells_of([Obligation.objects.get(pk=obligation.pk)], MONDAY)
    assert (cell.state, cell.missing) == ("done", ())
    assert not Obligation.objects.unmet().filter(pk=obligation.pk).exists()
    assert list(AuditEvent.objects.order_by("pk").values_list("act", flat=True)) == [
        "minutes.written",
        "activity.verified",
    ]


def test_written_again_they_replace_the_text_and_keep_the_items(clerk):
    activity = meeting()
    actions.write_minutes(activity, text(item()), by=clerk, now=EVENING)

    actions.write_minutes(
        activity, text(item(), item(text="订会场"), chair="丁"), by=clerk, now=EVENING
    )

    assert activity.minutes.__class__.objects.get().chair == "丁"
    assert list(ActionItem.objects.order_by("pk").values_list("text", flat=True)) == [
        "发通知",
        "订会场",
    ]


def no_meeting(**_):
    return ActivityFactory(held_on=MONDAY, obligations=[ObligationFactory()])


@pytest.mark.parametrize(
    ("of", "written"),
    [
        (no_meeting, text()),
        (lambda: meeting(MONDAY + timedelta(days=7)), text()),
        (meeting, text(chair=" ")),
        (meeting, MinutesText("甲", "乙", "丙", agenda=(AgendaLine("议题"),))),
        (meeting, text(item(owner=" "))),
        (meeting, text(item(due_on=MONDAY - timedelta(days=1)))),
    ],
    ids=[
        "not a meeting", "still to come", "nobody in the chair", "nothing said",
        "an item of nobody", "an item due before the meeting",
    ],
)  # fmt: skip
def test_minutes_that_cannot_be_are_refused_and_nothing_changes(clerk, of, written):
    activity = of()
    state = activity.state

    with pytest.raises(BusinessRuleError):
        actions.write_minutes(activity, written, by=clerk, now=EVENING)

    activity.refresh_from_db()
    assert activity.state == state
    assert not ActionItem.objects.exists()
    assert not AuditEvent.objects.exists()


def test_verified_minutes_stay_as_they_are_until_the_verification_is_taken_back(clerk):
    activity = meeting()
    actions.write_minutes(activity, text(), by=clerk, now=EVENING)
    actions.verify(activity, by=clerk, now=EVENING)

    with pytest.raises(BusinessRuleError):
        actions.write_minutes(activity, text(chair="丁"), by=clerk, now=EVENING)
    actions.revoke(activity, reason="写错主持人", by=clerk, now=EVENING)

    assert actions.write_minutes(activity, text(chair="丁"), by=clerk, now=EVENING).chair == "丁"


# ------------------------------------------------------------------ items


def test_who_has_a_login_is_told_and_who_has_none_is_a_name(clerk):
    actions.write_minutes(meeting(), text(item(), item(owner="外单位某人")), by=clerk, now=EVENING)

    assert list(ActionItem.objects.order_by("pk").values_list("owner_name", "owner")) == [
        ("丙", clerk.pk),
        ("外单位某人", None),
    ]
    assert list(Delivery.objects.values_list("recipient", "message__subject")) == [
        (clerk.pk, "请办：发通知")
    ]


def test_an_item_is_left_to_the_meeting_whose_list_it_stands_on(clerk):
    march = meeting()
    actions.write_minutes(march, text(item()), by=clerk, now=EVENING)
    week_after, april = meeting(MONDAY + timedelta(7)), meeting(date(2026, 4, 7))

    left = {
        level: [
            [row.text for row in queries.carried_to(each, level)]
            for each in (march, week_after, april)
        ]
        for level in ("week", "quarter")
    }

    assert left == {"week": [[], ["发通知"], []], "quarter": [[], [], ["发通知"]]}


def test_done_before_the_next_meeting_it_is_left_to_nobody_and_done_twice_is_once(clerk):
    row = ActionItemFactory(set_in=meeting())
    actions.finish_item(row, note="已发", by=clerk, now=EVENING)
    actions.finish_item(row, note="又点了一次", by=clerk, now=EVENING + timedelta(hours=1))

    row.refresh_from_db()
    assert (row.done_by, row.done_note, row.done_at) == (clerk, "已发", EVENING)
    assert queries.carried_to(meeting(MONDAY + timedelta(7)), "week") == []
    assert AuditEvent.objects.filter(act="action_item.done").count() == 1


def test_a_tick_is_taken_back_and_an_item_is_dropped_only_with_a_reason(clerk):
    row = ActionItemFactory(set_in=meeting())
    actions.finish_item(row, note="", by=clerk, now=EVENING)
    for act in (actions.reopen_item, actions.drop_item):
        with pytest.raises(BusinessRuleError):
            act(row, reason=" ", by=clerk, now=EVENING)
    actions.reopen_item(row, reason="还差两家", by=clerk, now=EVENING)
    assert ActionItem.objects.open().get() == row
    actions.drop_item(row, reason="合并到下一件", by=clerk, now=EVENING)
    with pytest.raises(BusinessRuleError):
        actions.finish_item(row, note="", by=clerk, now=EVENING)

    row.refresh_from_db()
    assert (row.is_open, row.done_at, row.dropped_reason) == (False, None, "合并到下一件")


def test_handed_on_the_new_owner_is_told_and_the_trail_keeps_the_old_one(clerk):
    row = ActionItemFactory(set_in=meeting(), due_on=MONDAY)

    actions.hand_item_on(
        row, owner="丙", due_on=MONDAY + timedelta(9), by=make_user(Role.SECRETARIAT), now=EVENING
    )

    row.refresh_from_db()
    assert (row.owner, row.due_on) == (clerk, MONDAY + timedelta(9))
    assert AuditEvent.objects.get().detail["before"] == {
        "owner": "示例责任人",
        "due_on": "2026-03-16",
    }
    assert Delivery.objects.get().recipient == clerk


def test_reminders_come_once_for_each_lead_and_stop_when_it_is_done(clerk):
    row = ActionItemFactory(set_in=meeting(), owner=clerk, owner_name="丙", due_on=MONDAY)

    def on(days: int) -> int:
        return actions.remind_of_item(row, now=EVENING + timedelta(days=days))

    told = [on(days) for days in (-4, -3, -2, 0, 0, 6, 7, 30)]
    actions.finish_item(row, note="", by=clerk, now=EVENING)

    assert told == [0, 1, 0, 1, 0, 0, 1, 1]
    assert on(31) == 0


# ------------------------------------------------------------------ the pages


def test_from_the_duty_to_filed_minutes_in_one_form(client, clerk):
    today = timezone.localdate()
    obligation = weekly(today)
    client.force_login(clerk)

    started = client.post(
        reverse("activities:convene"), {"obligation": obligation.pk, "day": today.isoformat()}
    )
    page = client.get(started.url)
    form = page.context["form"]
    titles = {f"title_{n}": form[f"title_{n}"].value() for n in range(2)}
    answer = client.post(
        started.url,
        titles | {
            "chair": "甲", "recorder": "乙", "present": "甲、乙", "said_0": "都办了",
            "text_0": "发通知", "owner_0": "丙", "due_0": today.isoformat(), "file": "1",
        },
        follow=True,
    )  # fmt: skip

    assert list(titles.values()) == AGENDA
    activity = Activity.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("activities:detail", args=[activity.pk])
    assert (activity.state, activity.action_items.get().owner) == ("verified", clerk)
    lists = client.get(reverse("activities:meetings")).content.decode()
    assert "发通知" in lists
    assert "已完成" in lists


def test_a_half_filled_item_is_named_and_nothing_is_saved(client, clerk):
    activity = meeting(timezone.localdate())
    client.force_login(clerk)

    answer = client.post(
        reverse("activities:minutes", args=[activity.pk]),
        {"chair": "甲", "recorder": "乙", "present": "甲", "title_0": "议题", "said_0": "都办了",
         "text_0": "发通知"},
    )  # fmt: skip

    assert answer.context["form"].errors == {
        "owner_0": ["请写谁来做。"], "due_0": ["请选哪天前办完。"],
    }  # fmt: skip
    assert not hasattr(Activity.objects.get(), "minutes")


def test_the_next_meeting_starts_with_the_people_of_the_last(client, clerk):
    obligation = weekly()
    before = ActivityFactory(held_on=MONDAY, obligations=[obligation])
    MinutesFactory(activity=before, chair="老会长")
    client.force_login(clerk)
    after = meeting(MONDAY, obligation=obligation)

    form = client.get(reverse("activities:minutes", args=[after.pk])).context["form"]

    assert form["chair"].value() == "老会长"


def test_the_paper_has_the_points_the_items_and_what_was_left(client, clerk):
    before = meeting(MONDAY - timedelta(days=7))
    ActionItemFactory(set_in=before, text="上次的事")
    activity = meeting()
    actions.write_minutes(activity, text(item()), by=clerk, now=EVENING)
    client.force_login(clerk)

    answer = client.get(reverse("activities:minutes_paper", args=[activity.pk]))

    said = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert answer["Content-Type"] == "application/pdf"
    wanted = ("都办了", "发通知", "上次的事", "继续督办")
    assert [word for word in wanted if word not in said.replace("\n", "")] == []


def test_the_summary_of_a_quarter_counts_what_was_met(clerk):
    duty = DutyFactory(
        code="duty/C03",
        name="季小结",
        programme=Programme.MEETINGS,
        rhythm=Rhythm.QUARTER,
        agenda=["小结"],
    )
    quarter = ObligationFactory(
        duty=duty, period_start=date(2026, 1, 1), period_end=date(2026, 3, 31),
        counts_until=date(2026, 6, 20),
    )  # fmt: skip
    volunteer = DutyFactory(name="一志愿", evidence=[])
    for month, end in ((1, 31), (2, 28)):
        met = ObligationFactory(
            duty=volunteer, period_start=date(2026, month, 1), period_end=date(2026, month, end)
        )
        if month == 1:
            ActivityFactory(verified=True, obligations=[met])
    activity = meeting(date(2026, 4, 3), obligation=quarter)

    (figure,) = [
        each
        for each in queries.figures_for(activity, [quarter], today=date(2026, 4, 3))
        if each.name == "一志愿"
    ]

    assert (figure.done, figure.owed) == (1, 2)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_meetings_asks_as_often_for_three_items_as_for_one(
    client, clerk, count, django_assert_num_queries
):
    client.force_login(clerk)
    activity = meeting(timezone.localdate())
    for _ in range(count):
        ActionItemFactory(set_in=activity)
    client.get(reverse("activities:meetings"))

    with django_assert_num_queries(13):
        client.get(reverse("activities:meetings"))
