"""Messages leaving the portal: never lost, never twice without being recognisable."""

import smtplib
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from association import outbox, sending
from association.carriers import registry
from association.carriers.interface import CarrierAwayError, NotSentError, RefusedForGoodError
from association.delivery_times import MAX_TRIES
from association.models import Channel, ChannelSetting, Delivery, DeliveryAttempt
from tests.factories.accounts import UserFactory
from tests.factories.association import (
    ChannelChoiceFactory,
    ChannelSettingFactory,
    DeliveryFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
NIGHT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
MINUTE = timedelta(minutes=1)


class Double:
    """A carrier that a test sets by hand: what it says to each parcel, and what it has seen."""

    def __init__(self, *answers):
        self.answers, self.seen, self.is_away = list(answers), [], False

    def missing(self, options):
        return []

    def address_of(self, person):
        return person.email if person else ""

    @contextmanager
    def connect(self, options):
        if self.is_away:
            raise CarrierAwayError("连接被拒绝")
        yield self._send

    def _send(self, parcel):
        self.seen.append(parcel)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def double(monkeypatch):
    made = Double()
    monkeypatch.setitem(registry.CARRIERS, Channel.EMAIL, made)
    ChannelSettingFactory(channel=Channel.EMAIL)
    return made


@pytest.fixture
def sms(monkeypatch):
    made = Double()
    monkeypatch.setitem(registry.CARRIERS, Channel.SMS, made)
    ChannelSettingFactory(channel=Channel.SMS)
    return made


def post(*people, key="k", now=NOON, **more):
    return outbox.post(key, to=people, subject="题", body="正文", now=now, **more)


def send(now=NOON):
    return sending.send_due(clock=lambda: now)


# ------------------------------------------------------------------ posting


def test_without_an_open_channel_a_message_stays_in_the_portal():
    person = UserFactory()

    post(person)

    assert [row.channel for row in Delivery.objects.all()] == ["in_app"]


def test_an_open_channel_carries_the_message_out_as_well(double):
    person = UserFactory()

    assert post(person) == 1
    assert post(person) == 0

    rows = Delivery.objects.order_by("pk").values_list("key", "channel")
    assert list(rows) == [(f"k:{person.pk}", "in_app"), (f"k:{person.pk}:email", "email")]


@pytest.mark.parametrize("case", ["unwanted", "no address", "switched off", "not asked for"])
def test_nothing_leaves_by_a_channel_that_does_not_lead_to_the_person(double, case):
    person = UserFactory(**({"email": ""} if case == "no address" else {}))
    if case == "unwanted":
        ChannelChoiceFactory(user=person, channel=Channel.EMAIL, is_wanted=False)
    if case == "switched off":
        ChannelSetting.objects.update(is_on=False)

    post(person, **({"channels": ()} if case == "not asked for" else {}))

    assert [row.channel for row in Delivery.objects.all()] == ["in_app"]


def test_what_leaves_at_night_waits_for_the_morning_and_the_inbox_does_not(double):
    post(UserFactory(), now=NIGHT)

    inside, outside = Delivery.objects.order_by("pk")
    assert inside.not_before == NIGHT
    assert outside.not_before == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


def test_what_goes_to_many_is_held_outside_and_arrives_inside(double):
    ChannelSetting.objects.update(hold_above=2)

    post(*UserFactory.create_batch(3))

    assert Delivery.objects.held().count() == 3
    assert Delivery.objects.in_app().filter(not_before=NOON).count() == 3
    assert send() == 0


def test_a_message_names_the_record_it_speaks_of():
    person = UserFactory()

    post(person, about=person)

    message = Delivery.objects.get().message
    assert (message.about_model, message.about_id) == ("accounts.User", str(person.pk))
    assert message.about_label == str(person)


# ------------------------------------------------------------------ sending


def test_a_try_is_written_down_before_it_is_made(double):
    post(UserFactory())
    seen_at_sending = []

    def look(parcel):
        seen_at_sending.append(DeliveryAttempt.objects.get().outcome)
        return ""

    double._send = look

    assert send() == 1

    assert seen_at_sending == [""]
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.started_at, attempt.ended_at) == ("sent", NOON, NOON)


def test_a_message_goes_out_once(double):
    person = UserFactory()
    post(person)

    assert [send(), send()] == [1, 0]

    delivery = Delivery.objects.get(channel="email")
    assert (delivery.delivered_at, delivery.address) == (NOON, person.email)
    assert [parcel.subject for parcel in double.seen] == ["题"]


def test_a_try_cut_short_comes_back_after_its_lease_with_the_same_reference(double):
    post(UserFactory())
    double.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        send()

    assert send(NOON + MINUTE) == 0, "somebody may still be sending it"
    assert send(NOON + sending.LEASE) == 1
    first, second = double.seen
    assert first.reference == second.reference
    assert list(DeliveryAttempt.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "",
        "sent",
    ]


def test_what_fails_is_tried_again_later_and_parked_after_eight_tries(double):
    post(UserFactory())
    double.answers = [NotSentError("450 稍后再试")] * 20
    now, tries = NOON, 0
    for _ in range(1000):
        before = len(double.seen)
        send(now)
        tries += len(double.seen) > before
        now += MINUTE

    assert tries == len(double.seen) == MAX_TRIES
    delivery = Delivery.objects.get(channel="email")
    assert (delivery.attempts, delivery.last_error) == (MAX_TRIES, "450 稍后再试")
    assert delivery.parked_at is not None


def test_a_message_that_kills_its_process_is_parked_as_well(double):
    post(UserFactory())
    double.answers = [KeyboardInterrupt()] * 20
    now = NOON
    for _ in range(12):
        with suppress(KeyboardInterrupt):
            send(now)
        now += sending.LEASE

    assert len(double.seen) == MAX_TRIES
    assert Delivery.objects.get(channel="email").last_error == "发送时进程中断。"


def test_what_is_refused_for_good_is_parked_at_once(double):
    post(UserFactory())
    double.answers = [RefusedForGoodError("550 没有这个邮箱")]

    send()

    delivery = Delivery.objects.get(channel="email")
    assert (delivery.parked_at, delivery.attempts) == (NOON, 1)
    assert DeliveryAttempt.objects.get().outcome == "refused"


def test_one_bad_message_stops_no_other(double):
    post(*UserFactory.create_batch(3))
    double.answers = [ValueError("boom")]

    assert send() == 2


def test_a_server_that_is_away_is_not_stormed_and_blames_no_message(double):
    post(*UserFactory.create_batch(5))
    double.is_away = True
    for minute in range(60):
        send(NOON + minute * MINUTE)

    assert DeliveryAttempt.objects.filter(outcome="away").count() == 7  # 0, 1, 3, 7, 15, 30, 45
    assert set(Delivery.objects.filter(channel="email").values_list("attempts", flat=True)) == {0}

    double.is_away = False
    ChannelSetting.objects.update(rest_until=None)
    assert send(NOON + 60 * MINUTE) == 5
    setting = ChannelSetting.objects.get()
    assert (setting.failures, setting.rest_until, setting.last_error) == (0, None, "")


def test_no_more_leave_in_a_minute_than_the_channel_takes(double):
    ChannelSetting.objects.update(per_minute=2, hold_above=50)
    post(*UserFactory.create_batch(5))

    assert [send(), send(NOON + MINUTE / 2), send(NOON + MINUTE)] == [2, 0, 2]


def test_time_is_kept(double):
    post(*UserFactory.create_batch(3))

    assert sending.send_due(clock=lambda: NOON, seconds=0) == 0


# ------------------------------------------------------------------ falling back


def test_the_next_channel_takes_over_when_one_gives_up(double, sms):
    person = UserFactory()
    post(person, channels=("email", "sms"))
    double.answers = [RefusedForGoodError("550")]

    assert send() == 1

    instead = Delivery.objects.get(channel="sms")
    assert (instead.key, instead.delivered_at) == (f"k:{person.pk}:sms", NOON)
    assert instead.replaces.channel == "email"
    assert len(sms.seen) == 1


def test_what_waits_on_a_channel_that_is_switched_off_goes_on_by_the_next(double, sms):
    post(UserFactory(), channels=("email", "sms"))
    ChannelSetting.objects.filter(channel="email").update(is_on=False)

    assert send() == 1

    assert Delivery.objects.get(channel="email").last_error == sending.SWITCHED_OFF
    assert Delivery.objects.get(channel="sms").delivered_at == NOON


def test_a_channel_stopped_meanwhile_does_not_take_over(double, sms):
    person = UserFactory()
    post(person, channels=("email", "sms"))
    ChannelChoiceFactory(user=person, channel=Channel.SMS, is_wanted=False)
    double.answers = [RefusedForGoodError("550")]

    send()

    assert not Delivery.objects.filter(channel="sms").exists()


# ------------------------------------------------------------------ e-mail itself


def test_a_mail_carries_link_reference_and_a_way_out(settings):
    settings.PUBLIC_URL = "https://portal.example"
    ChannelSettingFactory(channel=Channel.EMAIL)
    person = UserFactory(email="a@example.test")
    post(person, link="/pledges/")

    assert send() == 1

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["a@example.test"], "题")
    assert "正文\n\nhttps://portal.example/pledges/" in sent.body
    assert sent.extra_headers["Message-ID"].endswith("@portal.example>")
    stop = sent.extra_headers["List-Unsubscribe"]
    assert stop.startswith("<https://portal.example/desk/unsubscribe/")
    assert stop.strip("<>") in sent.body


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), "refused"),
        (smtplib.SMTPRecipientsRefused({"a": (451, b"later")}), "failed"),
        (smtplib.SMTPDataError(554, b"no"), "refused"),
        (smtplib.SMTPServerDisconnected("gone"), "failed"),
        (TimeoutError("slow"), "failed"),
    ],
    ids=["no such mailbox", "greylisted", "content refused", "cut off", "slow"],
)
def test_what_a_mail_server_says_decides_whether_it_is_tried_again(monkeypatch, error, outcome):
    ChannelSettingFactory(channel=Channel.EMAIL)
    post(UserFactory())

    def refuse(*args, **kwargs):
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    send()

    assert DeliveryAttempt.objects.get().outcome == outcome


def test_mail_without_a_server_is_not_offered(settings):
    settings.EMAIL_HOST = ""
    ChannelSettingFactory(channel=Channel.EMAIL)

    post(UserFactory())

    assert not Delivery.objects.outward().exists()


# ------------------------------------------------------------------ what the database refuses


@pytest.mark.parametrize(
    "fields",
    [
        {"recipient": None},
        {"channel": "wecom"},
        {"channel": "fax"},
        {"delivered_at": None, "parked_at": NOON, "last_error": ""},
        {"parked_at": NOON, "last_error": "x"},
    ],
    ids=["nobody", "person in a group", "unknown channel", "parked silently", "both"],
)
def test_the_database_refuses_a_delivery_that_makes_no_sense(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        DeliveryFactory(**fields)
