"""Rules at work: the preview says who hears what, and the run says just that."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from association import jobs
from association.date_sources import SOURCES, DateSource
from association.defaults import read_content
from association.models import AuditEvent, Delivery
from association.reminder_plan import Occurrence, unknown_words
from association.sms_words import refusal
from desk import actions, queries
from desk.actions import reminders
from desk.models import MessageRule, ReminderDay, SentReminder
from tests.factories.accounts import UserFactory, make_user
from tests.factories.association import ChannelSettingFactory
from tests.factories.desk import MessageRuleFactory

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 12, 10)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)


@pytest.fixture
def dates(monkeypatch):
    """A kind of date whose rows a test sets by hand."""
    rows: list[Occurrence] = []
    source = DateSource(
        "sample.dates",
        "示例日期",
        {"all": "所有人"},
        lambda since, until: [row for row in rows if since <= row.due_on <= until],
    )
    monkeypatch.setitem(SOURCES, source.name, source)
    return rows


def due(day: date, *people, key="a") -> Occurrence:
    return Occurrence(
        key=key,
        label=f"示例事项{key}",
        due_on=day,
        people={"all": tuple(person.pk for person in people)},
        link="/pledges/",
        about=("sample.Record", key),
    )


def run(day=TODAY) -> int:
    return actions.run_reminders(today=day, now=morning(day))


# ------------------------------------------------------------------ the run


def test_what_is_due_today_is_said_once_and_names_its_record(dates):
    person = UserFactory()
    MessageRuleFactory(offsets=[0])
    dates.append(due(TODAY, person))

    assert [run(), run()] == [1, 0]

    delivery = Delivery.objects.get()
    assert delivery.recipient == person
    assert delivery.message.subject == "请办示例事项a"
    assert (delivery.message.about_model, delivery.message.about_id) == ("sample.Record", "a")
    assert SentReminder.objects.get().message == delivery.message


def test_a_missed_night_is_caught_up_by_the_next_run_and_once(dates):
    person = UserFactory()
    MessageRuleFactory(offsets=[-3])
    run(TODAY - timedelta(days=3))
    dates.append(due(TODAY + timedelta(days=1), person))  # three days before is the 8th

    assert [run(), run(TODAY + timedelta(days=1))] == [1, 0]
    assert list(ReminderDay.objects.order_by("day").values_list("day", flat=True)) == [
        TODAY - timedelta(days=n) for n in (3, 2, 1, 0, -1)
    ]


def test_a_run_that_broke_off_goes_on_with_those_who_have_not_heard(dates, monkeypatch):
    first, second = UserFactory(), UserFactory()
    MessageRuleFactory(offsets=[0])
    dates += [due(TODAY, first, key="a"), due(TODAY, second, key="b")]
    tell, told = reminders._tell, []

    def break_off(*args, **kwargs):
        if told:
            raise KeyboardInterrupt
        told.append(tell(*args, **kwargs))
        return told[0]

    monkeypatch.setattr(reminders, "_tell", break_off)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(reminders, "_tell", tell)

    assert run() == 1
    assert Delivery.objects.count() == 2


def test_a_rule_switched_off_says_nothing(dates):
    MessageRuleFactory(offsets=[0], is_on=False)
    dates.append(due(TODAY, UserFactory()))

    assert run() == 0


def test_somebody_without_a_login_any_more_is_left_out(dates):
    MessageRuleFactory(offsets=[0])
    dates.append(due(TODAY, UserFactory(is_active=False)))

    assert queries.who_hears_what(TODAY, today=TODAY) == []
    assert run() == 0


def test_the_nightly_job_runs_the_rules(dates, monkeypatch):
    MessageRuleFactory(offsets=[0])
    person = UserFactory()
    jobs.discover()
    monkeypatch.setattr(jobs, "SCHEDULES", {"desk.remind": jobs.SCHEDULES["desk.remind"]})
    dates.append(due(timezone.localdate(), person))

    jobs.run_due()
    jobs.run_due()

    assert [d.recipient for d in Delivery.objects.filter(delivered_at__isnull=False)] == [person]


@given(
    rows=st.lists(
        st.tuples(st.integers(-4, 10), st.sets(st.integers(0, 3), max_size=4)), max_size=5
    ),
    offsets=st.lists(
        st.lists(st.integers(-7, 3), min_size=1, max_size=3, unique=True), min_size=1, max_size=3
    ),
    wanted=st.integers(0, 2),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_the_preview_says_of_a_day_is_what_is_sent_on_it(dates, rows, offsets, wanted):
    """Asked days before, and asked again on the morning itself."""
    for model in (SentReminder, MessageRule, ReminderDay, Delivery):
        model.objects.all().delete()
    people = [UserFactory() for _ in range(4)]
    dates[:] = [
        due(TODAY + timedelta(days=days), *[people[n] for n in sorted(who)], key=str(number))
        for number, (days, who) in enumerate(rows)
    ]
    for each in offsets:
        MessageRuleFactory(offsets=each)
    day = TODAY + timedelta(days=wanted)
    foreseen = [
        (line.person.pk, line.notice.subject, line.notice.body)
        for line in queries.who_hears_what(day, today=TODAY - timedelta(days=1))
    ]
    ReminderDay.objects.create(day=day - timedelta(days=1), ran_at=morning(day))
    this_morning = [
        (line.person.pk, line.notice.subject, line.notice.body)
        for line in queries.who_hears_what(day, today=day)
    ]

    run(day)

    sent = Delivery.objects.values_list("recipient", "message__subject", "message__body")
    assert sorted(foreseen) == sorted(this_morning) == sorted(sent)


# ------------------------------------------------------------------ the pages


@pytest.fixture
def desk(client):
    client.force_login(make_user(Role.SECRETARIAT))
    return client


def text_of(response) -> str:
    return response.content.decode()


def filled(**fields) -> dict:
    return {
        "name": "示例规则",
        "is_on": "on",
        "whom": "sample.dates|all",
        "offsets": "-7，0",
        "subject": "请办{事项}",
        "body": "{日期}前办好。",
        "quiet_from": "21:00",
        "quiet_until": "08:00",
    } | fields


def test_a_rule_is_added_and_changed(desk, dates):
    desk.post(reverse("desk:add_rule"), filled())
    rule = MessageRule.objects.get()
    assert (rule.offsets, rule.source, rule.audience) == ([-7, 0], "sample.dates", "all")
    assert "提前 7 天、当天" in text_of(desk.get(reverse("desk:rules")))

    desk.post(reverse("desk:rule", args=[rule.pk]), filled(offsets="3"))

    rule.refresh_from_db()
    assert rule.offsets == [3]
    assert AuditEvent.objects.latest("pk").detail["changed"] == ["offsets"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"offsets": "早几天"}, "请写天数"),
        ({"offsets": "900"}, "最多离日期一年"),
        ({"subject": "{金额}"}, "不认识{金额}"),
        ({"subject": ""}, "这个字段是必填项"),
        ({"subject": "党员转正", "channels": ["sms"]}, "党务消息只走站内和邮件"),
    ],
    ids=["no days", "too far", "unknown word", "no subject", "Party words in a text"],
)
def test_a_rule_that_cannot_be_carried_out_is_refused_and_changes_nothing(
    desk, dates, fields, words
):
    ChannelSettingFactory(channel="sms", options={"provider": "console"})

    page = text_of(desk.post(reverse("desk:add_rule"), filled(**fields)))

    assert words in page
    assert not MessageRule.objects.exists()


def test_a_channel_that_is_not_open_is_not_offered_and_not_lost(desk, dates):
    rule = MessageRuleFactory(channels=["email"])
    address = reverse("desk:rule", args=[rule.pk])
    assert "邮件</label>" not in text_of(desk.get(address))

    desk.post(address, filled())

    rule.refresh_from_db()
    assert rule.channels == ["email"]


def test_the_preview_shows_who_will_hear_and_who_has_heard(desk, dates):
    today = timezone.localdate()
    MessageRuleFactory(offsets=[0], name="示例规则甲")
    dates.append(due(today, UserFactory(real_name="示例甲")))
    dates.append(due(today + timedelta(days=1), UserFactory(real_name="示例乙"), key="b"))
    address = reverse("desk:who_hears_what")
    assert "示例甲" in text_of(desk.get(address))
    tomorrow = today + timedelta(days=1)
    assert "示例乙" in text_of(desk.get(address, {"day": tomorrow.isoformat()}))

    actions.run_reminders(today=today, now=timezone.now())

    assert "已经提醒" in text_of(desk.get(address))
    assert "示例规则甲" in text_of(desk.get(address))
    assert "没有提醒过谁" in text_of(
        desk.get(address, {"day": (today - timedelta(days=9)).isoformat()})
    )


@pytest.mark.parametrize("day", ["2020-01-01", "gestern", "0001-01-01", "9999-12-31"])
def test_a_day_far_away_or_none_is_refused_kindly(desk, day):
    page = desk.get(reverse("desk:who_hears_what"), {"day": day})

    assert page.status_code == 200
    assert "一年之内" in text_of(page) or "请填一个日期" in text_of(page)


# ------------------------------------------------------------------ what ships


def test_every_rule_that_ships_can_be_carried_out_and_says_nothing_secret():
    for row in read_content("desk", "message_rules.yaml")["rules"]:
        assert row["audience"] in SOURCES[row["source"]].audiences
        assert unknown_words(row["subject"] + row["body"]) == []
        assert refusal(row["subject"]) == ""


def test_no_source_of_party_life_can_leave_as_a_text_message():
    party = [name for name in SOURCES if name.startswith("party.")]
    rules = read_content("desk", "message_rules.yaml")["rules"]

    assert [r["code"] for r in rules if r["source"] in party and "sms" in r["channels"]] == []
