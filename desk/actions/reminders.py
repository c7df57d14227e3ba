"""Reminding by rules: what the nightly run does, and how the office changes a rule."""

from collections.abc import Sequence
from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from association import audit, outbox, sms_words
from association.date_sources import SOURCES
from association.delivery_times import out_of_quiet
from association.errors import BusinessRuleError
from association.models import Channel, Delivery, Message
from association.reminder_plan import Notice, unknown_words
from desk import queries
from desk.models import MessageRule, ReminderDay, SentReminder

BATCH = 2000
EDITABLE = (
    "name",
    "is_on",
    "source",
    "audience",
    "offsets",
    "in_working_days",
    "channels",
    "groups",
    "quiet_from",
    "quiet_until",
    "subject",
    "body",
)


class RuleRefusedError(BusinessRuleError):
    """The rule could not be carried out, or says what may not be said."""


@transaction.atomic
def save_rule(rule: MessageRule | None, *, by, now: datetime, **values) -> MessageRule:
    """Keep a rule; what it says counts from the next run on."""
    _check(values)
    if rule is None:
        rule = MessageRule(code=values["code"])
    else:
        rule = MessageRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    changed = sorted(name for name in EDITABLE if getattr(rule, name) != values[name])
    for name in EDITABLE:
        setattr(rule, name, values[name])
    rule.changed_at, rule.changed_by = now, by
    rule.save()
    audit.record("message_rule.saved", by=by, target=rule, now=now, changed=changed)
    return rule


def _check(values: dict) -> None:
    source = SOURCES.get(values["source"])
    if source is None or values["audience"] not in source.audiences:
        raise RuleRefusedError("这种日期没有这类收件人，请重新选择。")
    if unknown := unknown_words(values["subject"] + values["body"]):
        raise RuleRefusedError(f"不认识{{{unknown[0]}}}，能用的词在下面列着。")
    outside = [each for each in values["channels"] if each != Channel.EMAIL] + values["groups"]
    if outside and source.name.startswith("party."):
        raise RuleRefusedError("党务提醒只走站内和邮件。")
    if outside and (reason := sms_words.refusal(values["subject"])):
        raise RuleRefusedError(reason)


def run_reminders(*, today: date, now: datetime) -> int:
    """Send what is due today and what missed days have left; return how many people heard.

    Each message with those who get it is one transaction. A run that broke off is begun anew by
    the next: whoever has heard is left out, and the day is closed at the end only.
    """
    told = 0
    for notice in queries.notices_due(today=today):
        for start in range(0, len(notice.people), BATCH):
            told += _tell(notice, notice.people[start : start + BATCH], today=today, now=now)
    _close(today, told, now)
    return told


@transaction.atomic
def _tell(notice: Notice, people: Sequence[int], *, today: date, now: datetime) -> int:
    """Tell ``people`` one notice; who has had one today, or hears this a second time, does not."""
    users = get_user_model().objects.filter(is_active=True, pk__in=people).order_by("pk")
    key = f"reminders:{today.isoformat()}"
    message, heard = outbox.write(
        key,
        to=users,
        subject=notice.subject,
        body=notice.body,
        link=notice.link,
        now=now,
        channels=notice.channels,
        quiet=notice.quiet,
    )
    if message is None:
        return 0
    if len(notice.reminders) == 1:
        only = notice.reminders[0].occurrence
        message.about_model, message.about_id = only.about
        message.about_label = only.label[:200]
        message.save(update_fields=["about_model", "about_id", "about_label"])
    rules = {rule.code: rule for rule in MessageRule.objects.all()}
    SentReminder.objects.bulk_create(
        (
            SentReminder(
                key=reminder.key(person.pk),
                rule=rules[reminder.rule.code],
                day=today,
                person=person,
                message=message,
            )
            for person in heard
            for reminder in notice.reminders
        ),
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    return len(heard)


def _tell_groups(today: date, now: datetime) -> None:
    """Say in each group that a rule names how many were reminded: one line a rule and day."""
    rules = [rule for rule in MessageRule.objects.order_by("pk") if rule.groups and rule.is_on]
    usable = queries.open_channels() if rules else {}
    for rule in rules:
        people = SentReminder.objects.filter(rule=rule, day=today).values("person").distinct()
        if not (count := people.count()):
            continue
        key = f"reminders:{today.isoformat()}:rule:{rule.code}"
        if Delivery.objects.filter(key__startswith=f"{key}:").exists():
            continue
        message = Message.objects.create(
            subject=f"{rule.name}：今天提醒了 {count} 人"[:120],
            body="名单在平台的“提醒规则”里看。",
            link=f"/desk/rules/day/?day={today.isoformat()}",
            posted_at=now,
        )
        calm = out_of_quiet(timezone.localtime(now), rule.quiet_from, rule.quiet_until)
        Delivery.objects.bulk_create(
            Delivery(key=f"{key}:{each}", message=message, channel=each, not_before=calm)
            for each in outbox.fit_for(message, rule.groups)
            if each in usable
        )


@transaction.atomic
def _close(today: date, told: int, now: datetime) -> None:
    days = queries.days_due(today)
    _tell_groups(today, now)
    ReminderDay.objects.bulk_create(
        (ReminderDay(day=day, ran_at=now, people=told if day == days[-1] else 0) for day in days),
        ignore_conflicts=True,
    )
