"""The demo's activities: a plan for the year, what came of it, and what is coming up.

The plan is drafted from the rules before the year begins, as a secretariat does; through the
year its entries are held, papered and verified, some are moved, one falls out. What has no entry
in the plan is entered as it was held, small events in batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

from django.utils import timezone
from PIL import Image, ImageDraw

from activities import actions
from activities.default_content import programme
from activities.enums import Audience, CheckIn, PaperKind
from activities.evidence_rules import EVERYTHING
from activities.models import ActionItem, Activity, Obligation
from activities.queries.drafts import proposals
from association import files, sample
from association.default_content import working_days
from association.models import StoredFile
from association.pdf import html_to_pdf
from party.queries import branches

PLACES = ("滨海社区广场", "新桥社区服务站", "东湖公园北门", "青岭集市", "人民路社区", "学府社区")
TOPICS = ("家庭过期药品回收", "药品安全进社区", "便民用药咨询", "敬老院送药上门")
HELD_AFTER_DAYS, VERIFIED_AFTER_DAYS = 1, 4
# Duties of the plan with what each of their activities says; the rest is a matter of course.
FIGURES = {
    "duty/B01": {"hours": Decimal("2.5"), "people": 60, "shops": 9},
    "duty/B03": {"hours": Decimal(2), "people": 120, "shops": 6},
    "duty/B04": {"people": 35, "shops": 8},
    "duty/B06": {"hours": Decimal(3), "shops": 70},
    "duty/D01": {"hours": Decimal(3), "people": 80, "shops": 14},
    "duty/D10": {"people": 40, "shops": 20},
}
# What is entered in batches is not in the plan, and the theme day is held by the branches.
NOT_PLANNED = frozenset({"duty/D02", "duty/B02"})
MISSED_SERVICE_QUARTER = 2  # a quarter in which nothing was held: the matrix says so
OPEN_CLINIC_MONTH = 3  # left open to be tried: “录入3月的义诊”
MEETINGS = frozenset({"duty/C01", "duty/C02", "duty/C03", "duty/C04"})
# What meetings give people to do: in turn, with the days they get for it.
TO_DO = (
    ("核对本月到期许可证，逐店电话提醒", "秘书处值班人员", 5),
    ("把自评没交的药店名单发各片区联系人", "片区联系人", 6),
    ("与社区对接义诊场地和日期", "志愿服务队队长", 9),
    ("整理会员反映的医保结算问题，报医保经办", "秘书处值班人员", 12),
    ("汇总处方药登记抽查情况", "专业委员会", 7),
    ("更换会议室投影设备", "办公室", 20),
)
SAID = (
    "逐项过了一遍，按计划推进，没有需要上会的争议。",
    "已明确责任人和时限，列入督办清单。",
    "请片区联系人下次会前书面反馈进展。",
    "同意按原方案办，费用在年度预算内列支。",
)
SLOW = 4  # every fourth item is not done in time and rolls on to the next list
LATE_AT_MOST = 40  # days: by the month after, that one is done as well
JOINT = {
    "duty/B01": ("L5",),
    "duty/B03": ("L5", "L8"),
    "duty/B04": ("L2",),
    "duty/D01": ("L5",),
}


@dataclass(frozen=True)
class Hands:
    """What the chapter works with: the people, the dice, the shops, two files to file."""

    story: sample.Story
    rng: object
    shops: list
    photo: StoredFile
    paper: StoredFile

    def evening(self, day: date, days_later: int = 0, hour: int = 17) -> datetime:
        """Return that day's evening, never after the end of the story."""
        moment = datetime.combine(day + timedelta(days=days_later), time(hour))
        return min(timezone.make_aware(moment), self.story.now)

    def some_shops(self, count: int) -> dict[int, int]:
        """Return ``count`` shops with how many of their people come."""
        chosen = self.rng.sample(self.shops, min(count, len(self.shops)))
        return {shop.pk: self.rng.choice((1, 1, 2, 3)) for shop in chosen}


@sample.chapter(40, "年度计划与活动")
def activities(story: sample.Story) -> None:
    """The plan of this year, what was held of it, and small events beside it."""
    today = timezone.localdate(story.now)
    working_days(story.now)
    programme(story.now)
    hands = _hands(story)
    late_december = datetime.combine(date(today.year - 1, 12, 28), time(10))
    before = max(story.days_ago(345), timezone.make_aware(late_december))
    actions.oblige(today.year, since=date(today.year, 1, 1), now=before)
    _plan(hands, today.year, before)
    if Activity.objects.filter(held_on__year=today.year).exists():
        actions.fix_plan(today.year, note="理事会通过", by=story.user("secretary"), now=before)
    _hold_what_was_planned(hands, today)
    _second_clinics(hands, today)
    _birthdays(hands, today)
    _explain_the_gap(hands, today)
    _work_of_the_branches(hands, today)


@sample.chapter(42, "近期活动与报名")
def coming(story: sample.Story) -> None:
    """Published activities with sign-ups, one of them full, and one that takes place today."""
    hands = _hands(story)
    today = timezone.localdate(story.now)
    _full_training(hands, today)
    _open_clinic(hands, today)
    _today(hands, today)


def _hands(story: sample.Story) -> Hands:
    by, rng = story.user("secretary"), story.rng("activities")
    kept = {"by": by, "now": story.days_ago(345)}
    return Hands(
        story,
        rng,
        [shop for shop in story.shops if shop.status == "active"],
        files.keep(_picture(rng), name="现场照片.jpg", content_type="image/jpeg", **kept),
        files.keep(_papers(), name="活动材料合订.pdf", content_type="application/pdf", **kept),
    )


def _plan(hands: Hands, year: int, now: datetime) -> None:
    """Adopt the draft that follows from the rules, with names as an office gives them."""
    user = hands.story.user("secretary")
    lines = proposals(user, year, today=timezone.localdate(now), as_last_year=False)
    rows = []
    for line in lines:
        code, obligation = line.obligation.code, line.obligation
        month = obligation.period_start.month
        if line.day is None or code in NOT_PLANNED or obligation.organisation_id is not None:
            continue
        if code == "duty/D01" and month == OPEN_CLINIC_MONTH:
            continue
        title = _title(code, obligation, line.title)
        rows.append(actions.DraftRow(obligation.pk, title, line.day))
    if rows:
        actions.adopt_draft(rows, by=user, now=now)


def _title(code: str, obligation: Obligation, proposed: str) -> str:
    month = obligation.period_start.month
    names = {
        "duty/B01": f"志愿服务：{TOPICS[month % len(TOPICS)]}",
        "duty/B03": "安全用药宣讲",
        "duty/B04": "换证与税费政策帮办",
        "duty/B05": "“规范经营星级药店”创建",
        "duty/B06": "执业药师与店员合规培训",
        "duty/C01": "周例会",
        "duty/C02": f"{month}月办公会",
        "duty/C03": f"第{(month + 2) // 3}季度小结会",
        "duty/C04": f"{obligation.period_start.year - 1}年年度总结会",
        "duty/D01": f"{month}月社区义诊",
        "duty/D10": "企业大体检与隐患清零",
    }
    return names.get(code, proposed)


def _hold_what_was_planned(hands: Hands, today: date) -> None:
    """Walk through the year: hold, paper and verify each entry, or move it, or let it fall out."""
    story, by = hands.story, hands.story.user("secretary")
    planned = list(
        Activity.objects.filter(held_on__lt=today, state="planned")
        .prefetch_related("fulfilments")
        .order_by("held_on", "pk")
    )
    for place, activity in enumerate(planned):
        code = activity.fulfilments.all()[0].code
        quarter = (activity.held_on.month + 2) // 3
        if code == "duty/B04" and quarter == MISSED_SERVICE_QUARTER:
            actions.cancel(
                activity, reason="防汛值守，停止集中活动", by=by,
                now=hands.evening(activity.held_on, -1),
            )  # fmt: skip
            continue
        is_last = place >= len(planned) - 2
        _hold(hands, activity, code, verify=not is_last, lacking=code == "duty/B01" and is_last)
    if planned:
        actions.fix_plan(today.year, note="年中调整", by=by, now=story.days_ago(1))


def _hold(hands: Hands, activity: Activity, code: str, *, verify: bool, lacking: bool) -> None:
    """Enter what came of an activity, with its list and papers; a second person verifies."""
    if code in MEETINGS:
        _write_up(hands, activity, verify=verify)
        return
    story, rng = hands.story, hands.rng
    by, day = story.user("secretary"), activity.held_on
    figures = FIGURES.get(code, {})
    people = figures.get("people")
    codes = [code, *(["duty/B01"] if code == "duty/D01" else [])]
    report = actions.Report(
        title=activity.title,
        held_on=day,
        duties=tuple(codes),
        bonus=activity.bonus,
        place=rng.choice(PLACES) if activity.kind == "volunteer" else "协会会议室",
        hours=figures.get("hours"),
        beneficiaries=people + rng.randrange(40) if people else None,
        beneficiaries_by="counted" if people else "",
        joint=JOINT.get(code, ()),
    )
    now = hands.evening(day, HELD_AFTER_DAYS)
    actions.hold(activity, report, by=by, now=now)
    if figures.get("shops"):
        actions.attend(activity, hands.some_shops(figures["shops"]), by=by, now=now)
    if lacking:
        return
    if activity.kind == "volunteer":
        actions.attach(activity, hands.photo, kind=PaperKind.PHOTO, by=by, now=now)
    actions.attach(
        activity, hands.paper, kind=PaperKind.PAPER, filed_as=[EVERYTHING], by=by, now=now
    )
    if verify:
        verified = hands.evening(day, VERIFIED_AFTER_DAYS)
        if verified < story.now:
            actions.verify(activity, by=story.user("second_secretary"), now=verified)


def _write_up(hands: Hands, activity: Activity, *, verify: bool) -> None:
    """Write the minutes of a meeting the same evening; what was due by then is ticked off."""
    story, by, day = hands.story, hands.story.user("secretary"), activity.held_on
    now = hands.evening(day)
    for item in ActionItem.objects.open().filter(due_on__lte=day).order_by("pk"):
        if item.pk % SLOW or (day - item.due_on).days > LATE_AT_MOST:
            actions.finish_item(item, note="已办，情况在例会上通报", by=by, now=now)
    duty = activity.obligations.select_related("duty").get().duty
    count = ActionItem.objects.count()
    text, owner, days = TO_DO[count % len(TO_DO)]
    is_small = duty.code == "duty/C01" and day.isocalendar().week % 2
    text = f"{text}（{day.month}月）"
    actions.write_minutes(
        activity,
        actions.MinutesText(
            chair=str(story.user("second_secretary")),
            recorder=str(by),
            present=f"{story.user('second_secretary')}、{by}、专业委员会和片区联系人各 1 名",
            agenda=tuple(
                actions.AgendaLine(title, SAID[place % len(SAID)])
                for place, title in enumerate(duty.agenda)
            ),
            items=() if is_small else (actions.NewItem(text, owner, day + timedelta(days=days)),),
        ),
        by=by,
        now=now,
    )
    verified = hands.evening(day, 1)
    if verify and verified < story.now:
        actions.verify(activity, by=story.user("second_secretary"), now=verified)


def _second_clinics(hands: Hands, today: date) -> None:
    """A second clinic in most months, entered when it had been held: towards 24 a year."""
    story, by = hands.story, hands.story.user("secretary")
    for month in range(1, 13):
        day = date(today.year, month, 8)
        if day >= today or month in (OPEN_CLINIC_MONTH, 10):
            continue
        now = hands.evening(day, HELD_AFTER_DAYS)
        report = actions.Report(
            title=f"{month}月义诊（青岭集市）",
            held_on=day,
            duties=("duty/D01",),
            bonus="bonus/B01",
            place="青岭集市",
            hours=Decimal(3),
            beneficiaries=70 + 3 * month,
            beneficiaries_by="counted",
            joint=("L5",),
        )
        activity = actions.record(report, by=by, now=now)
        actions.attend(activity, hands.some_shops(8), by=by, now=now)
        actions.attach(
            activity, hands.paper, kind=PaperKind.PAPER, filed_as=[EVERYTHING], by=by, now=now
        )
        verified = hands.evening(day, VERIFIED_AFTER_DAYS)
        if verified < story.now:
            actions.verify(activity, by=story.user("second_secretary"), now=verified)


def _birthdays(hands: Hands, today: date) -> None:
    """Birthdays at the shops, a page of them each month, with one sheet of photos."""
    story, by = hands.story, hands.story.user("secretary")
    for month in range(1, today.month + 1):
        days = [day for day in _days_of(today.year, month, (5, 12, 19, 25)) if day < today]
        if not days:
            continue
        shops = hands.rng.sample(hands.shops, min(8, len(hands.shops)))
        events = [
            actions.SmallEvent(
                title="员工生日会",
                held_on=days[place % len(days)],
                pharmacy=shop.pk,
                people=hands.rng.randrange(4, 16),
            )
            for place, shop in enumerate(shops)
        ]
        now = hands.evening(days[-1], 2)
        entered = actions.record_batch(
            events, duty="duty/D02", paper=hands.photo, is_photo=True, by=by, now=now
        )
        if month < today.month:
            for activity in entered:
                actions.verify(activity, by=story.user("second_secretary"), now=now)


def _explain_the_gap(hands: Hands, today: date) -> None:
    """The quarter without a service has its reason."""
    missed = (
        Obligation.objects.overdue(on=today)
        .filter(code="duty/B04", period_start__month=3 * MISSED_SERVICE_QUARTER - 2)
        .first()
    )
    if missed is not None:
        now = hands.evening(missed.period_end, 1)
        by = hands.story.user("second_secretary")
        actions.explain(missed, "防汛值守，停止集中活动", by=by, now=now)


def _work_of_the_branches(hands: Hands, today: date) -> None:
    """What branches owe beside their meetings: dues, lists, visits; entered by their keeper."""
    story, by = hands.story, hands.story.user("party_secretary")
    last_branch = branches().order_by("-pk").first()
    owed = (
        Obligation.objects.standing()
        .filter(organisation__in=branches(), duty__meeting="", due_on__lt=today)
        .select_related("duty", "organisation")
        .order_by("due_on", "pk")
    )
    for place, obligation in enumerate(owed):
        is_late = obligation.due_on > today - timedelta(days=9)
        if is_late or (obligation.organisation == last_branch and place % 9 == 4):
            continue  # not entered yet, or left undone: the matrix of that branch says so
        now = hands.evening(obligation.due_on, -1)
        report = actions.Report(
            title=f"{obligation.period}{obligation.duty.name}",
            held_on=timezone.localdate(now),
            duties=(obligation.code,),
            host=obligation.organisation,
        )
        activity = actions.record(report, by=by, now=now)
        actions.attach(
            activity, hands.paper, kind=PaperKind.PAPER, filed_as=[EVERYTHING], by=by, now=now
        )
        verified = hands.evening(obligation.due_on, VERIFIED_AFTER_DAYS)
        if verified < story.now:
            actions.verify(activity, by=story.user("second_secretary"), now=verified)


def _days_of(year: int, month: int, days: tuple[int, ...]) -> Iterator[date]:
    yield from (date(year, month, day) for day in days)


# ------------------------------------------------------------------ coming up


def _published(hands: Hands, day: date, title: str, **more) -> Activity:
    by, now = hands.story.user("secretary"), hands.story.days_ago(9)
    schedule = actions.Schedule(title=title, held_on=day, audience=Audience.MEMBERS, **more)
    activity = actions.plan(schedule, by=by, now=now)
    return actions.publish(activity, by=by, now=now)


def _signed_up(hands: Hands, activity: Activity, shops: list, *, people=(1, 1, 2)) -> None:
    by = hands.story.user("secretary")
    for place, shop in enumerate(shops):
        now = hands.story.days_ago(8) + timedelta(minutes=7 * place)
        actions.sign_up(activity, shop, people=hands.rng.choice(people), by=by, now=now)


def _full_training(hands: Hands, today: date) -> None:
    """A training with more shops than places: a waiting list, and an offer that is open."""
    day = today + timedelta(
        days=8 - today.weekday() if today.weekday() < 4 else 12 - today.weekday()
    )
    activity = _published(
        hands,
        day,
        "处方药合规培训",
        kind="training",
        starts_at=time(14),
        ends_at=time(16, 30),
        place="协会会议室",
        places=24,
        places_per_shop=2,
        notice="请带本店处方登记本一份，现场答疑。",
    )
    shops = [shop for shop in hands.shops if shop not in _owned(hands)]
    _signed_up(hands, activity, hands.rng.sample(shops, min(22, len(shops))))
    first = activity.sign_ups.filter(state="taken").order_by("signed_at").first()
    if first is not None and activity.sign_ups.filter(state="waiting").exists():
        actions.withdraw(first, by=hands.story.user("secretary"), now=hands.story.now)


def _open_clinic(hands: Hands, today: date) -> None:
    """A clinic that looks for volunteers; the demo's owner has signed up with one shop."""
    day = today + timedelta(days=(5 - today.weekday()) % 7 or 7)
    activity = _published(
        hands,
        day,
        "社区义诊志愿者招募（东湖公园）",
        kind="volunteer",
        bonus="bonus/B01",
        starts_at=time(9),
        ends_at=time(11, 30),
        place="东湖公园北门",
        places=40,
        places_per_shop=3,
        notice="统一穿志愿者马甲，8:40 集合。",
    )
    owned = _owned(hands)
    others = [shop for shop in hands.shops if shop not in owned]
    _signed_up(hands, activity, [*owned[:1], *hands.rng.sample(others, min(11, len(others)))])


def _today(hands: Hands, today: date) -> None:
    """Something on today, so that the check-in screen has guests."""
    activity = _published(
        hands,
        today,
        "药品安全进校园（学府社区）",
        kind="volunteer",
        bonus="bonus/B02",
        place="学府社区",
        places=30,
    )
    owned = _owned(hands)
    shops = [*owned[:1], *hands.rng.sample([s for s in hands.shops if s not in owned], 7)]
    _signed_up(hands, activity, shops)
    by = hands.story.user("secretary")
    for shop in shops[3:6]:
        actions.check_in(activity, shop, people=2, way=CheckIn.TICK, by=by, now=hands.story.now)


def _owned(hands: Hands) -> list:
    """Return the shops of the demo's owner."""
    mine = set(hands.story.user("owner").positions.values_list("pharmacy_id", flat=True))
    return [shop for shop in hands.shops if shop.pk in mine]


def _papers() -> bytes:
    """Print a stand-in for the bound papers of an activity."""
    return html_to_pdf(
        '<html lang="zh-CN"><body><h1>活动材料合订</h1>'
        "<p>示例：方案、签到表、记录、小结。</p></body></html>"
    )


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
