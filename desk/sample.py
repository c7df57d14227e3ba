"""The demo's association: its profile, and the first-run set-up finished."""

from django.utils import timezone

from association import jobs, sample, sending
from association.models import Channel
from desk import actions, queries
from desk.models import MessageRule

TEXTS = {"provider": "console", "sign_name": "示例药协"}
MISSED = 4  # days of reminders that the story has behind it


@sample.chapter(15, "协会资料")
def association(story: sample.Story) -> None:
    """What the association says about itself, entered on the day after the accounts."""
    by, now = story.user("secretary"), story.days_ago(359)
    actions.save_profile(
        name="示例区药品经营行业协会",
        short_name="示例区药品经营行业协会",
        address="示例区示例路1号",
        contact_phone="000-6000000",
        complaint_phone="12315",
        certificate_signer="示例区药品经营行业协会",
        certificate_number_pattern="{year}-{number:04}",
        filings_footer="",
        by=by,
        now=now,
    )
    today = timezone.localdate(story.now)
    if all(step.is_done for step in queries.set_up_steps(today)):
        actions.finish_set_up(by=by, now=now)


@sample.chapter(70, "消息提醒")
def reminders(story: sample.Story) -> None:
    """The office opens text messages, widens a rule, and the mornings of the last days go by."""
    by, opened = story.user("secretary"), story.days_ago(MISSED, hour=8)
    actions.save_channel(
        Channel.SMS,
        is_on=True,
        options=TEXTS,
        per_minute=None,
        hold_above=50,
        by=by,
        now=opened,
    )
    licence = MessageRule.objects.filter(code="licence-end").first()
    if licence is not None:
        kept = {name: getattr(licence, name) for name in actions.RULE_FIELDS}
        kept["offsets"] = [-90, -60, -30, -7, 1]
        actions.save_rule(licence, **kept, by=by, now=opened)
    for days in range(MISSED, 0, -1):
        now = story.days_ago(days, hour=9)
        actions.run_reminders(today=timezone.localdate(now), now=now)
        jobs.deliver_due(now)
        sending.send_due(clock=lambda now=now: now)
