"""The demo's pledges: this year's campaign, signed by most shops."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from association import sample
from desk.actions import save_filter
from members.enums import UnitKind
from members.models import Position
from members.queries import SHOP_LIST
from pledges.actions import campaigns, signing
from pledges.default_content import pledge_text
from pledges.enums import ConfirmedWith
from pledges.models import Pledge, PledgeText


@dataclass(frozen=True)
class TypedInTheStory:
    """The invented owners have typed their passwords: hashing 200 of them proves nothing here."""

    kind: ConfirmedWith = ConfirmedWith.PASSWORD

    def refusal(self, person) -> str:
        return ""


SIGNED_SHARE = 0.88
SIGNING_DAYS = 23


@sample.chapter(30, "自律承诺")
def pledges(story: sample.Story) -> None:
    """The campaign of this year; most owners sign, some after the reminder, some not yet."""
    rng, by = story.rng("pledges"), story.user("secretary")
    opened = _opening(story)
    day = timezone.localdate(opened)
    pledge_text(opened)
    campaign = campaigns.open_campaign(
        campaigns.Call(
            PledgeText.objects.order_by("pk").first(),
            year=day.year,
            starts_on=day,
            ends_on=date(day.year, 12, 31),
            sign_by=min(day + timedelta(days=SIGNING_DAYS), date(day.year, 12, 31)),
        ),
        by=by,
        now=opened,
    )
    save_filter(
        SHOP_LIST,
        name="连锁门店",
        parameters={"kind": UnitKind.CHAIN},
        is_shared=True,
        by=by,
        now=opened,
    )
    keys = list(campaign.text.clauses.values_list("key", flat=True))
    people = Position.objects.current().filter(role="owner", pharmacy__isnull=False)
    owners = {position.pharmacy_id: position.user for position in people.select_related("user")}
    own = story.user("owner")
    left_open = max((shop for shop, user in owners.items() if user == own), default=None)
    everything = list(Pledge.objects.filter(campaign=campaign).order_by("pk"))
    willing = [
        pledge
        for pledge in everything
        if pledge.pharmacy_id in owners
        and pledge.pharmacy_id != left_open  # the demo's owner may try it himself
        and rng.random() < SIGNED_SHARE
    ]
    moments = sorted(
        min(opened + timedelta(days=rng.random() ** 2 * SIGNING_DAYS), story.now) for _ in willing
    )
    for pledge, moment in zip(willing, moments, strict=True):
        owner = owners[pledge.pharmacy_id]
        signing.sign(
            pledge,
            ticked=keys,
            confirmation=TypedInTheStory(),
            name=owner.real_name,
            by=owner,
            now=moment,
        )
    reminded = min(opened + timedelta(days=SIGNING_DAYS - 3), story.now)
    campaigns.remind(campaign, pledges=Pledge.objects.all(), by=by, now=reminded)


def _opening(story: sample.Story) -> datetime:
    """The 8th of January, but after the shops were entered and before the story ends."""
    year = timezone.localdate(story.now).year
    january = story.days_ago(0, hour=9).replace(year=year, month=1, day=8)
    return min(max(january, story.days_ago(338, hour=9)), story.days_ago(2, hour=9))
