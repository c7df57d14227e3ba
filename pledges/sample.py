"""The demo's pledges: this year's campaign, signed by most shops."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from association import files, sample
from desk.actions import save_filter
from members.enums import UnitKind
from members.models import Position
from members.queries import SHOP_LIST
from pledges import documents
from pledges.actions import breaches, campaigns, offers, signing
from pledges.default_content import breach_levels, pledge_text
from pledges.enums import ConfirmedWith, PledgeState, SourceKind
from pledges.models import Breach, BreachLevel, Pledge, PledgeText


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
    of_chain = _shops_of_head_office(story)
    for_office = min((shop for shop in of_chain if shop in owners), default=None)
    everything = list(Pledge.objects.filter(campaign=campaign).order_by("pk"))
    willing = [
        pledge
        for pledge in everything
        if pledge.pharmacy_id in owners
        and pledge.pharmacy_id != left_open  # the demo's owner may try it himself
        and pledge.pharmacy_id != for_office  # and the head office signs for one of its shops
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


@sample.chapter(31, "盖章、代签和违诺")
def second_people(story: sample.Story) -> None:
    """A stamped paper and a head office's signature wait; one breach is heard, one is repaired."""
    by, second = story.user("secretary"), story.user("second_secretary")
    breach_levels(story.days_ago(60))
    _stamped(story, by)
    _signed_for(story, by)
    people = [by, second]
    signed = list(Pledge.objects.filter(state=PledgeState.SIGNED).order_by("pk")[3:7:3])
    for pledge, told, clause, facts in zip(
        signed,
        (40, 3),
        ("pharmacist_on_duty", "honest_price_ads"),
        ("示例：抽查时营业中药师不在岗，半小时后到店。", "示例：货架上三种药没有明码标价。"),
        strict=False,
    ):
        breach = breaches.open_breach(
            pledge,
            clause=pledge.campaign.text.clauses.get(key=clause),
            level=BreachLevel.objects.get(level=2),
            facts=facts,
            source=(SourceKind.REPORT, "", "群众来电，秘书处到店核实"),
            by=by,
            now=story.days_ago(told + 1),
        )
        breach = breaches.notify(breach, by=by, now=story.days_ago(told))
    if len(signed) == 2:  # the first has gone all the way, the second may still answer
        _gone_all_the_way(story, signed[0].breaches.get(), people)


def _stamped(story: sample.Story, by) -> None:
    of_chain = _shops_of_head_office(story)
    waiting = Pledge.objects.waiting().exclude(pharmacy__in=_own_shops(story))
    waiting = waiting.exclude(pharmacy__in=of_chain)
    pledge = waiting.select_related("campaign__text", "pharmacy__unit").order_by("pk").first()
    if pledge is None:
        return
    paper = _kept(documents.paper(pledge), "盖章承诺书.pdf", by, story.days_ago(1))
    offers.hand_in(pledge, scan=paper, name="示例负责人", by=by, now=story.days_ago(1))


def _signed_for(story: sample.Story, by) -> None:
    office = story.user("head_office")
    unit = office.positions.filter(unit__isnull=False).values_list("unit", flat=True).first()
    waiting = Pledge.objects.waiting().filter(pharmacy__unit=unit)
    pledge = waiting.select_related("campaign__text", "pharmacy__unit").order_by("pk").first()
    if pledge is None:
        return
    day = timezone.localdate(story.now)
    offers.record_mandate(
        pledge.pharmacy.unit,
        paper=_kept(documents.paper(pledge), "代签授权书.pdf", by, story.days_ago(5)),
        starts_on=day.replace(month=1, day=1),
        ends_on=day.replace(month=12, day=31),
        by=by,
        now=story.days_ago(5),
    )
    offers.sign_for(
        pledge,
        ticked=list(pledge.campaign.text.clauses.values_list("key", flat=True)),
        confirmation=TypedInTheStory(),
        name=office.real_name,
        by=office,
        now=story.days_ago(2),
    )


def _gone_all_the_way(story: sample.Story, breach: Breach, people: list) -> None:
    by = people[0]
    owner = Position.objects.current().get(role="owner", pharmacy=breach.pledge.pharmacy).user
    breaches.hear(
        breach, statement="当天药师临时外出取货，已重新排班。", by=owner, now=story.days_ago(38)
    )
    breaches.decide(
        breach,
        level=breach.level,
        reasons="情况属实，没有造成后果，限期整改。",
        measure_ends_on=timezone.localdate(story.days_ago(10)),
        deciders=people,
        minutes=_kept(documents.paper(breach.pledge), "会议记录.pdf", by, story.days_ago(30)),
        by=by,
        now=story.days_ago(30),
    )
    breaches.repair(
        breach, reason="复查两次药师都在岗，排班已上墙。", by=by, now=story.days_ago(12)
    )


def _shops_of_head_office(story: sample.Story) -> list[int]:
    units = story.user("head_office").positions.filter(unit__isnull=False).values("unit")
    shops = Pledge.objects.filter(pharmacy__unit__in=units).exclude(pharmacy__in=_own_shops(story))
    return list(shops.values_list("pharmacy", flat=True))


def _own_shops(story: sample.Story):
    return story.user("owner").positions.filter(pharmacy__isnull=False).values("pharmacy")


def _kept(content: bytes, name: str, by, now: datetime):
    return files.keep(content, name=name, content_type="application/pdf", by=by, now=now)
