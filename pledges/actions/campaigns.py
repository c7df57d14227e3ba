"""Calling for signatures: open a campaign, invite, remind, close what ran out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from accounts.roles import Role
from association import audit, outbox
from association.errors import BusinessRuleError
from members.models import Position
from pledges import queries
from pledges.models import Campaign, Pledge, PledgeText
from pledges.workflow import PLEDGE


class NobodyInvitedError(BusinessRuleError):
    """No shop is left to invite: a campaign needs somebody to ask."""


class AudienceMovedError(BusinessRuleError):
    """The register has changed since the preview."""


class CampaignDaysError(BusinessRuleError):
    """The days of a campaign must be in order."""


class CampaignOverError(BusinessRuleError):
    """The period of the campaign is over."""


@dataclass(frozen=True)
class Call:
    """What a person enters for a campaign; ``audience`` holds filters of the shop list."""

    text: PledgeText
    year: int
    starts_on: date
    ends_on: date
    sign_by: date
    name: str = ""
    audience: Mapping[str, str] = field(default_factory=dict)
    min_reading_seconds: int = 0


@transaction.atomic
def open_campaign(call: Call, *, expected: int | None = None, by, now: datetime) -> Campaign:
    """Open a campaign and invite the open shops of its audience.

    A shop that has this year's pledge of the same title is left out. ``expected`` is the number
    that the preview showed: raises ``AudienceMovedError`` when it is another one now.
    """
    if not call.starts_on <= call.sign_by <= call.ends_on:
        raise CampaignDaysError("签署截止日要在承诺期之内，请核对三个日期。")
    asked = {name: str(value) for name, value in call.audience.items() if value}
    campaign = Campaign.objects.create(
        text=call.text,
        year=call.year,
        name=call.name.strip(),
        audience=asked,
        min_reading_seconds=call.min_reading_seconds,
        starts_on=call.starts_on,
        ends_on=call.ends_on,
        sign_by=call.sign_by,
        opened_at=now,
        opened_by=by,
    )
    audit.record(
        "pledge.campaign_opened",
        by=by,
        target=campaign,
        now=now,
        year=call.year,
        text=str(call.text),
        audience=asked,
    )
    invited = invite(campaign, by=by, now=now)
    if not invited:
        raise NobodyInvitedError(
            f"这个范围里没有可邀请的药店：要么没有营业中的，要么 {call.year} 年度已经"
            f"邀请过签《{call.text.title}》。"
        )
    if expected is not None and invited != expected:
        raise AudienceMovedError(
            f"预览时是 {expected} 家，现在名册里是 {invited} 家。还没有发出，请再看一遍名单。"
        )
    return campaign


@transaction.atomic
def invite(campaign: Campaign, *, by, now: datetime) -> int:
    """Invite every open shop of the audience that has no such pledge yet; return how many."""
    # Two campaigns under one text ask one after the other, so that no shop is asked by both.
    PledgeText.objects.select_for_update().get(pk=campaign.text_id)
    refuse_when_over(campaign, now)
    shops = queries.to_invite(campaign.text, campaign.year, campaign.audience)
    invited = Pledge.objects.bulk_create(
        (
            Pledge(campaign=campaign, pharmacy_id=pk, invited_at=now)
            for pk in shops.order_by("pk").values_list("pk", flat=True)
        ),
        batch_size=5000,
    )
    if invited:
        audit.record("pledge.invited", by=by, target=campaign, now=now, shops=len(invited))
        _tell_owners(f"pledge-campaign:{campaign.pk}:invited", campaign, invited, now=now)
    return len(invited)


@transaction.atomic
def remind(campaign: Campaign, *, pledges, by, now: datetime) -> int:
    """Remind the owners of the unsigned among ``pledges``, once a day at most.

    Returns how many people get a message now.
    """
    refuse_when_over(campaign, now)
    key = f"pledge-campaign:{campaign.pk}:remind:{localdate(now).isoformat()}"
    told = _tell_owners(key, campaign, pledges.waiting().filter(campaign=campaign), now=now)
    if told:
        audit.record("pledge.reminded", by=by, target=campaign, now=now, people=told)
    return told


@transaction.atomic
def lapse(pledge: Pledge, *, now: datetime) -> Pledge:
    """Close a pledge whose period is over; the signature stays readable."""
    rows = Pledge.objects.select_related("campaign").select_for_update(of=("self",))
    pledge = rows.get(pk=pledge.pk)
    if localdate(now) <= pledge.campaign.ends_on:
        raise CampaignOverError("承诺期还没有结束。")
    was, pledge.state = pledge.state, PLEDGE.after(pledge.state, "lapse")
    pledge.lapsed_at = now
    pledge.save(update_fields=["state", "lapsed_at"])
    audit.record("pledge.lapsed", by=None, target=pledge, now=now, was=was)
    return pledge


def refuse_when_over(campaign: Campaign, now: datetime) -> None:
    if localdate(now) > campaign.ends_on:
        raise CampaignOverError(f"{campaign}的承诺期到 {campaign.ends_on} 为止，已经结束。")


def _tell_owners(key: str, campaign: Campaign, pledges, *, now: datetime) -> int:
    shops = [pledge.pharmacy_id for pledge in pledges]
    at_shops = Position.objects.current().filter(role=Role.OWNER, pharmacy__in=shops)
    owners = get_user_model().objects.filter(is_active=True, pk__in=at_shops.values("user"))
    day = campaign.sign_by
    return outbox.post(
        key,
        to=owners,
        subject=f"请签署 {campaign.year} 年度《{campaign.text.title}》",
        body=f"请在 {day.month}月{day.day}日前签署。逐条看过、打勾、签名即可，约 1 分钟。",
        link="/pledges/",
        now=now,
    )
