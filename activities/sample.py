"""The demo's activities: the six ones and the clinics of this year up to now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

from django.utils import timezone
from PIL import Image, ImageDraw

from activities import actions
from activities.default_content import programme
from activities.enums import PaperKind
from activities.models import Activity, Obligation
from association import files, sample
from association.default_content import working_days

PLACES = ("滨海社区广场", "新桥社区服务站", "东湖公园北门", "青岭集市", "人民路社区", "学府社区")
VERIFIED_AFTER_DAYS = 4


@dataclass(frozen=True)
class Plan:
    """What the story wants to have been held."""

    held_on: date
    title: str
    duties: tuple[str, ...]
    bonus: str = ""
    hours: Decimal | None = None
    people: int | None = None
    shops: int = 0


@sample.chapter(40, "活动与六个一")
def activities(story: sample.Story) -> None:
    """A year of activities; the newest waits for verification, and March has no clinic yet."""
    today = timezone.localdate(story.now)
    working_days(story.now)
    programme(story.now)
    if not Obligation.objects.filter(period_start__year=today.year).exists():
        return  # the working days of this year are not announced in our data
    rng = story.rng("activities")
    first_day = timezone.localdate(story.days_ago(330))
    shops = [shop for shop in story.shops if shop.status == "active"]
    held = [plan for plan in _plans(today.year) if first_day <= plan.held_on <= today]
    for plan in held:
        taking_part = rng.sample(shops, min(plan.shops, len(shops)))
        activity = _record(story, plan, rng.choice(PLACES), rng)
        if taking_part:
            people = {shop.pk: rng.choice((1, 1, 2, 3)) for shop in taking_part}
            actions.attend(
                activity, people, by=story.user("secretary"), now=_evening(plan.held_on, story, 2)
            )
        verified = _evening(plan.held_on, story, VERIFIED_AFTER_DAYS)
        if plan is not held[-1] and verified < story.now:
            actions.verify(activity, by=story.user("second_secretary"), now=verified)


def _plans(year: int) -> Iterator[Plan]:
    """Yield the plans of a whole year in order; the story cuts it off at its end."""
    volunteer, theme, clinic = ("duty/B01",), ("duty/B02",), ("duty/D01",)
    plans = [
        Plan(date(year, 4, 16), "执业药师与店员合规培训", ("duty/B06",), hours=Decimal(3), shops=70)
    ]
    for month in range(1, 13):
        topic = ("家庭过期药品回收", "药品安全进社区", "便民用药咨询", "敬老院送药上门")[month % 4]
        plans.append(
            Plan(
                date(year, month, 14),
                f"志愿服务：{topic}",
                volunteer,
                "bonus/B02",
                Decimal("2.5"),
                60 + month * 3,
                9,
            )
        )
        if month != 6:  # one month in which nothing was held: the matrix says so
            plans.append(Plan(date(year, month, 6), f"{month}月主题党日", theme, shops=12))
        if month != 3:  # left open to be tried: “录入3月的义诊”
            plans.append(
                Plan(
                    date(year, month, 21),
                    f"{month}月社区义诊",
                    clinic,
                    "bonus/B01",
                    Decimal(3),
                    80 + month * 4,
                    14,
                )
            )
    for month, day in ((3, 20), (6, 12), (9, 18), (12, 5)):
        plans.append(
            Plan(
                date(year, month, day),
                "安全用药宣讲",
                ("duty/B03",),
                "bonus/B06",
                Decimal(2),
                120,
                6,
            )
        )
    for month, day in ((2, 27), (5, 29), (8, 20), (11, 13)):
        plans.append(Plan(date(year, month, day), "换证与税费政策帮办", ("duty/B04",), shops=8))
    yield from sorted(plans, key=lambda plan: plan.held_on)


def _record(story: sample.Story, plan: Plan, place: str, rng) -> Activity:
    by, now = story.user("secretary"), _evening(plan.held_on, story, 1)
    report = actions.Report(
        title=plan.title,
        held_on=plan.held_on,
        duties=plan.duties,
        bonus=plan.bonus,
        place=place,
        hours=plan.hours,
        beneficiaries=plan.people,
        beneficiaries_by="counted" if plan.people else "",
    )
    activity = actions.record(report, by=by, now=now)
    stored = files.keep(
        _picture(rng), name=f"{plan.title}.jpg", content_type="image/jpeg", by=by, now=now
    )
    actions.attach(activity, stored, kind=PaperKind.PHOTO, by=by, now=now)
    return activity


def _evening(day: date, story: sample.Story, days_later: int) -> datetime:
    moment = datetime.combine(day + timedelta(days=days_later), time(17))
    return min(timezone.make_aware(moment), story.now)


def _picture(rng) -> bytes:
    """Draw a stand-in for a photo: a stall under a roof, nobody's face."""
    picture = Image.new("RGB", (640, 480), (214, 230, 226))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 330, 640, 480), fill=(196, 205, 200))
    left = rng.randrange(60, 200)
    draw.polygon(
        [(left, 180), (left + 340, 180), (left + 300, 110), (left + 40, 110)], (11, 107, 96)
    )
    draw.rectangle((left + 20, 270, left + 320, 360), fill=(250, 250, 246))
    draw.rectangle((left + 24, 180, left + 32, 360), fill=(120, 130, 128))
    draw.rectangle((left + 308, 180, left + 316, 360), fill=(120, 130, 128))
    for place in range(5):
        x = left + 45 + place * 54
        draw.rectangle((x, 236, x + 30, 270), fill=(184, 124 + place * 12, 60))
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
