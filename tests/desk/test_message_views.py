"""Pages of messages on their way: the log, what was given up, what waits, channels, wishes."""

import pytest
from django.core import mail, signing
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association import outbox
from association.models import AuditEvent, ChannelChoice, ChannelSetting, Delivery, Message
from association.sending import unsubscribe_address
from tests.factories.accounts import UserFactory, make_user
from tests.factories.association import (
    ChannelSettingFactory,
    DeliveryAttemptFactory,
    DeliveryFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    client.force_login(make_user(Role.SECRETARIAT, email="office@example.test"))
    return client


def text_of(response) -> str:
    return response.content.decode()


def parked(**fields) -> Delivery:
    return DeliveryFactory(
        channel="email",
        delivered_at=None,
        parked_at=timezone.now(),
        last_error="550 没有这个邮箱",
        attempts=8,
        **fields,
    )


def last_act() -> str:
    return AuditEvent.objects.latest("pk").act


# ------------------------------------------------------------------ the log


@pytest.mark.parametrize("count", [1, 3])
def test_the_log_costs_the_same_for_one_and_three(desk, django_assert_num_queries, count):
    DeliveryFactory.create_batch(count)
    desk.get(reverse("desk:messages"))

    with django_assert_num_queries(10):
        page = desk.get(reverse("desk:messages"))

    assert text_of(page).count("自评退回补充") == count


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=示例甲", ["甲的"]),
        ("channel=email", ["邮件"]),
        ("standing=arrived", ["甲的", "关于乙"]),
        ("standing=held", ["邮件"]),
        ("model=accounts.User&pk=77", ["关于乙"]),
    ],
    ids=["person", "channel", "arrived", "held", "record"],
)
def test_the_log_is_narrowed_by_person_channel_standing_and_record(desk, query, expected):
    DeliveryFactory(message__subject="甲的", recipient=UserFactory(real_name="示例甲"))
    DeliveryFactory(message__subject="邮件", channel="email", delivered_at=None, not_before=None)
    DeliveryFactory(
        message__subject="关于乙", message__about_model="accounts.User", message__about_id="77"
    )

    page = text_of(desk.get(f"{reverse('desk:messages')}?{query}"))

    assert [s for s in ("甲的", "邮件</a>", "关于乙") if s in page] == [
        s.replace("邮件", "邮件</a>") for s in expected
    ]


def test_the_log_shows_who_got_a_message_but_not_what_it_says(desk):
    delivery = DeliveryFactory(message__body="只有本人能看的正文")

    for page in (reverse("desk:messages"), reverse("desk:delivery", args=[delivery.pk])):
        assert "只有本人能看的正文" not in text_of(desk.get(page))


def test_a_message_about_party_life_has_no_subject_in_the_log(desk):
    DeliveryFactory(message__subject="发展对象公示", message__about_model="party.PartyMember")

    page = text_of(desk.get(reverse("desk:messages")))

    assert "发展对象公示" not in page
    assert "党组织内部" in page


def test_a_mail_is_not_shown_in_the_inbox_a_second_time(client):
    person = UserFactory()
    DeliveryFactory(recipient=person)
    DeliveryFactory(recipient=person, channel="email")
    client.force_login(person)

    assert "1 条未读" in text_of(client.get(reverse("desk:inbox")))


# ------------------------------------------------------------------ what was given up


def test_what_was_given_up_is_shown_with_its_tries_and_sent_again(desk):
    ChannelSettingFactory()
    delivery = parked()
    DeliveryAttemptFactory(delivery=delivery)
    assert "550 没有这个邮箱" in text_of(desk.get(reverse("desk:parked")))
    assert "中断" in text_of(desk.get(reverse("desk:delivery", args=[delivery.pk])))

    desk.post(reverse("desk:retry_delivery", args=[delivery.pk]))

    delivery.refresh_from_db()
    assert (delivery.parked_at, delivery.attempts) == (None, 0)
    assert last_act() == "delivery.retried"


@pytest.mark.parametrize("case", ["channel is off", "arrived another way", "not given up"])
def test_sending_again_is_refused_when_it_makes_no_sense(desk, case):
    delivery = parked()
    if case != "channel is off":
        ChannelSettingFactory()
    if case == "arrived another way":
        DeliveryFactory(channel="sms", replaces=delivery, message=delivery.message, key="other")
    if case == "not given up":
        Delivery.objects.filter(pk=delivery.pk).update(parked_at=None)
    before = Delivery.objects.values().get(pk=delivery.pk)

    desk.post(reverse("desk:retry_delivery", args=[delivery.pk]))

    assert Delivery.objects.values().get(pk=delivery.pk) == before


def test_a_whole_channel_is_sent_again_at_once(desk):
    ChannelSettingFactory()
    parked(), parked()

    desk.post(reverse("desk:retry_parked", args=["email"]))

    assert Delivery.objects.parked().count() == 0
    assert AuditEvent.objects.latest("pk").detail["count"] == 2


# ------------------------------------------------------------------ the second look


@pytest.fixture
def many(desk):
    ChannelSettingFactory(hold_above=2)
    outbox.post(
        "k",
        to=UserFactory.create_batch(3),
        subject="请签署",
        body="请在 12月31日前签署。",
        now=timezone.now(),
    )
    return Delivery.objects.held().first().message


def test_what_goes_to_many_is_looked_at_and_let_go(desk, many):
    page = text_of(desk.get(reverse("desk:held_message", args=[many.pk])))
    assert "请在 12月31日前签署。" in page
    assert "3 人" in page

    desk.post(reverse("desk:release", args=[many.pk]))

    assert Delivery.objects.held().count() == 0
    assert Delivery.objects.outward().filter(not_before__isnull=False).count() == 3
    assert last_act() == "message.released"
    assert "可能同事已经处理" in text_of(
        desk.post(reverse("desk:release", args=[many.pk]), follow=True)
    )


def test_a_held_message_about_party_life_is_let_go_unread_by_the_office(desk, many):
    Message.objects.update(subject="支部内部", about_model="party.PartyOrganisation")

    pages = [desk.get(reverse("desk:held")), desk.get(reverse("desk:held_message", args=[many.pk]))]

    for page in map(text_of, pages):
        assert "党组织内部的消息" in page
        assert "支部内部" not in page
        assert many.body not in page


def test_what_goes_to_many_can_stay_inside_with_a_reason(desk, many):
    refused = desk.post(reverse("desk:drop", args=[many.pk]), {"reason": ""})
    assert refused.status_code == 200
    assert Delivery.objects.held().count() == 3

    desk.post(reverse("desk:drop", args=[many.pk]), {"reason": "日期写错了"})

    assert Delivery.objects.held().count() == 0
    assert set(Delivery.objects.outward().values_list("last_error", flat=True)) == {
        "不外发：日期写错了"
    }
    assert "日期写错了" not in text_of(desk.get(reverse("desk:parked")))


# ------------------------------------------------------------------ channels


def test_a_channel_is_switched_on_tried_and_limited(desk):
    address = reverse("desk:channel", args=["email"])
    desk.post(address, {"is_on": "on", "per_minute": "30", "hold_above": "20"})

    setting = ChannelSetting.objects.get(channel="email")
    assert (setting.is_on, setting.per_minute, setting.hold_above) == (True, 30, 20)

    tried = reverse("desk:try_channel", args=["email"])
    desk.post(tried, {"address": "a@example.test"})
    assert [sent.to for sent in mail.outbox] == [["a@example.test"]]
    assert last_act() == "channel.tried"


def test_a_channel_that_lacks_something_is_not_switched_on(desk, settings):
    settings.EMAIL_HOST = ""
    page = desk.post(reverse("desk:channel", args=["email"]), {"is_on": "on", "hold_above": "20"})

    assert "还缺EMAIL_HOST" in text_of(page)
    assert not ChannelSetting.objects.exists()


def test_a_trial_that_fails_says_why(desk, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    page = desk.post(reverse("desk:try_channel", args=["email"]), {"address": "a@example.test"})

    assert "没有发出去" in text_of(page)


def test_a_channel_nobody_knows_does_not_exist(desk):
    assert desk.get(reverse("desk:channel", args=["fax"])).status_code == 404


# ------------------------------------------------------------------ what a person wants


def test_a_person_switches_mail_off_and_on_again(client):
    ChannelSettingFactory()
    person = UserFactory()
    client.force_login(person)
    address = reverse("desk:preferences")
    assert person.email in text_of(client.get(address))

    client.post(address, {})
    assert ChannelChoice.objects.get(user=person).is_wanted is False

    client.post(address, {"email": "on"})
    assert ChannelChoice.objects.get(user=person).is_wanted is True


def test_without_an_open_channel_there_is_nothing_to_choose(client):
    client.force_login(UserFactory())

    assert "还没有启用" in text_of(client.get(reverse("desk:preferences")))


def test_the_link_in_a_mail_stops_mail_without_logging_in(client, settings):
    settings.PUBLIC_URL = ""
    person = UserFactory()
    address = unsubscribe_address(person.pk, "email")
    assert "不再接收邮件" in text_of(client.get(address))
    assert not ChannelChoice.objects.exists(), "a mail scanner only looks"

    client.post(address)

    choice = ChannelChoice.objects.get()
    assert (choice.user, choice.channel, choice.is_wanted) == (person, "email", False)


@pytest.mark.parametrize("salt", [None, "another"], ids=["nonsense", "signed for another door"])
def test_a_link_that_nobody_signed_leads_nowhere(client, salt):
    token = signing.dumps([1, "email"], salt=salt) if salt else "nonsense"

    assert client.get(reverse("desk:unsubscribe", args=[token])).status_code == 404
