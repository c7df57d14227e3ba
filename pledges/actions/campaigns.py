"""Calling for signatures: open a campaign, invite, remind, close what ran out."""

from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from accounts.roles import Role
from association import audit, outbox
from association.errors import BusinessRuleError
from members.models import Pharmacy, Position
from pledges.models import Campaign, Pledge, PledgeText
from pledges.workflow import PLEDGE


class CampaignExistsError(BusinessRuleError):
    """There is one campaign a year."""


class CampaignDaysError(BusinessRuleError):
    """The days of a campaign must be in order."""


class CampaignOverError(BusinessRuleError):
    """The period of the campaign is over."""


@transaction.atomic
def open_campaign(
    text: PledgeText, *, year: int, starts_on: date, ends_on: date, sign_by: date, by, now: datetime
) -> Campaign:
    """Open the campaign of a year and invite every open shop."""
    if not starts_on <= sign_by <= ends_on:
        raise CampaignDaysError("签署截止日要在承诺期之内，请核对三个日期。")
    try:
        with transaction.atomic():
            campaign = Campaign.objects.create(
                text=text,
                year=year,
                starts_on=starts_on,
                ends_on=ends_on,
                sign_by=sign_by,
                opened_at=now,
                opened_by=by,
            )
    except IntegrityError as error:
        raise CampaignExistsError(
            f"{year} 年度已经发起过承诺签署。有新药店时，请在该年度页面点“补发邀请”。"
        ) from error
    audit.record("pledge.campaign_opened", by=by, target=campaign, now=now, year=year)
    invite(campaign, by=by, now=now)
    return campaign


@transaction.atomic
def invite(campaign: Campaign, *, by, now: datetime) -> int:
    """Invite every open shop that has no pledge in the campaign yet; return how many."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    refuse_when_over(campaign, now)
    shops = Pharmacy.objects.active().exclude(pledges__campaign=campaign)
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
        raise CampaignOverError(
            f"{campaign.year} 年度的承诺期到 {campaign.ends_on} 为止，已经结束。"
        )


def _tell_owners(key: str, campaign: Campaign, pledges, *, now: datetime) -> int:
    shops = [pledge.pharmacy_id for pledge in pledges]
    at_shops = Position.objects.current().filter(role=Role.OWNER, pharmacy__in=shops)
    owners = get_user_model().objects.filter(is_active=True, pk__in=at_shops.values("user"))
    day = campaign.sign_by
    return outbox.post(
        key,
        to=owners,
        subject=f"请签署 {campaign.year} 年度自律承诺书",
        body=f"请在 {day.month}月{day.day}日前签署。逐条看过、打勾、写上姓名即可，约 1 分钟。",
        link="/pledges/",
        now=now,
    )
