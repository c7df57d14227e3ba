"""The demo's ratings: last year's cycle gone whole through, this year's in the middle of review."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from association import jobs, sample
from association.working_days import UnknownYearError
from members.models import Position
from starrating.actions import cycle as cycles
from starrating.actions import entry, marks, notice, rating, review
from starrating.actions import scheme as schemes
from starrating.actions.award import move_award
from starrating.default_content import default_scheme
from starrating.mark_sheet import BONUS, DEPARTMENT, PUBLIC, Mark, marked_items
from starrating.models import Assessment, Award, Cycle, Scheme
from starrating.scheme_shape import Item
from starrating.self_assessment import owner_items

BASIS = "示例区药品经营行业协会第三届理事会第二次会议决议"
# Issuing explains every result at length; a register of this size is for benches, not for a tour.
WHOLE_CYCLE_UP_TO = 500
NO_BUSINESS = {"S06": "本店不做拆零", "S09": "本店不经营中药饮片", "S18": "本店没有党员"}
RETURNED = {
    "S05": "外用药和内服药放在一排，请分开后补一张陈列照片。",
    "S07": "近效期台账只到八月，请补到本月。",
}


@sample.chapter(50, "评分标准")
def scheme(story: sample.Story) -> None:
    """The default scheme, published after the council has adopted it."""
    default_scheme(story.days_ago(345))
    day = timezone.localdate(story.days_ago(339))
    schemes.publish(
        Scheme.objects.order_by("pk").first(),
        basis_title=BASIS,
        basis_number=f"示例药协〔{day.year}〕6号",
        organiser="示例区药品经营行业协会",
        valid_from=day,
        valid_to=date(day.year + 3, 12, 31),
        declares_no_fee=True,
        by=story.user("secretary"),
        now=story.days_ago(339, hour=15),
    )


@sample.chapter(51, "上年度的星级评定")
def last_year(story: sample.Story) -> None:
    """From the plan to the certificates on the wall, and what happened to two of them since."""
    if story.size > WHOLE_CYCLE_UP_TO:
        return
    year = timezone.localdate(story.now).year
    cast = _cast(story, f"{year - 1}")
    cycle = _planned(story, year - 1, planned=338, entry_ends=327, review_ends=321)
    cycles.open_(cycle, by=cast.secretary, now=story.days_ago(337))
    cases = list(_cases(cycle, cast))
    declined, late = cases[5:6], cases[-9:-7]
    _leave_out(declined, "本年度准备换址，不参评", cast, now=story.days_ago(333))
    taking_part = [case for case in cases if case not in [*declined, *late]]
    _hand_in(story, taking_part, cast, first=335, last=328)
    reviewers = [cast.reviewer, cast.second_reviewer]
    review.assign_evenly(cycle, reviewers=reviewers, by=cast.secretary, now=story.days_ago(334))
    cycles.remind_late(cycle, by=cast.secretary, now=story.days_ago(329))
    cycles.close_entry(cycle, by=cast.secretary, now=story.days_ago(326, hour=9))
    _pass(story, taking_part, cast, first=326, last=322)
    _mark(story, cycle, cases, cast, days=(324, 323))
    _rate(cycle, now=story.days_ago(320, hour=9))
    notice.sign_first(
        cycle, note="已核对汇总表和材料。", by=cast.secretary, now=story.days_ago(320, hour=15)
    )
    sampled = list(Cycle.objects.get(pk=cycle.pk).gate_sample)
    notice.gate(
        cycle,
        checked=sampled,
        note="抽样各项与材料一致。",
        by=cast.adjudicator,
        now=story.days_ago(319),
    )
    try:
        _publish(story, cycle, cast)
    except UnknownYearError:
        return  # the days of this year are not announced in our data; the office says so too
    _since_then(story, cast)


def _publish(story: sample.Story, cycle: Cycle, cast: "_Cast") -> None:
    """Notice, the days for objections, publicity, certificates; the worker's part included."""
    notified = story.days_ago(318)
    notice.notify(cycle, by=cast.secretary, now=notified)
    _run_job(notified)
    cycle.refresh_from_db()
    published = _at(cycle.objections_close_on + timedelta(days=1))
    cycle = notice.publicise(cycle, by=cast.secretary, now=published)
    awarded = _at(cycle.publicity_ends_on + timedelta(days=1))
    notice.finalise(cycle, by=cast.secretary, now=awarded)
    jobs.deliver_due(awarded)


def _since_then(story: sample.Story, cast: "_Cast") -> None:
    """One star suspended for an established fact, one suspended by mistake and restored."""
    awards = Award.objects.order_by("serial")
    vetoed = awards.filter(pharmacy__violations__state="established").first()
    if vetoed is not None:
        move_award(
            vetoed,
            "suspend",
            reason="查实从非法渠道购进药品，星级暂停，等协会处理。",
            by=cast.secretary,
            now=story.days_ago(71),
        )
    other = awards.exclude(pk=vetoed.pk if vetoed else None)[8:9].first()
    if other is not None:
        move_award(
            other,
            "suspend",
            reason="许可证换证期间暂停星级。",
            by=cast.secretary,
            now=story.days_ago(150),
        )
        move_award(
            other,
            "restore",
            reason="新证已核对，恢复星级。",
            by=cast.secretary,
            now=story.days_ago(139),
        )
    jobs.deliver_due(story.days_ago(70))


@sample.chapter(52, "本年度的星级评定")
def this_year(story: sample.Story) -> None:
    """Self-assessment is over; sheets passed, waiting, returned, late, on behalf and declined."""
    cast = _cast(story, "this year")
    cycle = _planned(
        story, timezone.localdate(story.now).year, planned=60, entry_ends=12, review_ends=-14
    )
    cycles.open_(cycle, by=cast.secretary, now=story.days_ago(45))
    cases = list(_cases(cycle, cast))
    own = [case for case in cases if case.owner == cast.demo_owner]
    others = [case for case in cases if case not in own]
    _leave_out(others[3:4], "门店今年搬迁，明年再参评", cast, now=story.days_ago(40))
    for case in others[9:10]:
        cycles.excuse(
            case.assessment,
            reason="经营主体变更未满一年，理事会同意本年度免评",
            by=cast.secretary,
            now=story.days_ago(38),
        )
    left = [*others[:3], *others[4:9], *others[10:]]
    late, by_office, by_paper, plain = left[:5], left[5:9], left[9:10], left[10:]
    _hand_in(story, [*plain, *own], cast, first=44, last=13)
    for number, case in enumerate(by_office):
        _answer(case, cast, story.days_ago(20))
        entry.hand_in_for_shop(case.assessment, by=cast.head_office, now=story.days_ago(20))
        if number:
            entry.confirm(case.assessment, by=case.owner, now=story.days_ago(18))
    for case in by_paper:
        _answer(case, cast, story.days_ago(14), by=cast.secretary)
        entry.hand_in_for_shop(
            case.assessment,
            signed_paper=_picture("签字自评表.png"),
            by=cast.secretary,
            now=story.days_ago(14),
        )
    for case in late[:2]:
        _begin(case, cast, story.days_ago(15))
    review.assign_evenly(
        cycle,
        reviewers=[cast.reviewer, cast.second_reviewer],
        by=cast.secretary,
        now=story.days_ago(30),
    )
    cycles.remind_late(cycle, by=cast.secretary, now=story.days_ago(15))
    jobs.deliver_due(story.days_ago(15))
    cycles.close_entry(cycle, by=cast.secretary, now=story.days_ago(11, hour=9))
    waiting = plain[:9]
    returned = [*plain[9:14], *own[:1]]
    _pass(story, [*plain[14:], *own[1:]], cast, first=11, last=2)
    for case in returned:
        review.return_(
            case.assessment, notes=RETURNED, by=_reviewer_of(case), now=story.days_ago(6)
        )
    for case in returned[:2]:
        entry.save_answers(
            case.assessment, answers={"S07": "0"}, by=case.owner, now=story.days_ago(3)
        )
        entry.submit(case.assessment, by=case.owner, now=story.days_ago(3))
    jobs.deliver_due(story.days_ago(2))
    marked = [case for case in cases if case not in waiting[-3:]]
    _mark(story, cycle, marked, cast, days=(9, 8), left_open=True)
    _rate(cycle, now=story.days_ago(1, hour=17))


# ------------------------------------------------------------------ who plays


@dataclass
class _Cast:
    """The people of a chapter, and its dice."""

    secretary: object
    second_secretary: object
    reviewer: object
    second_reviewer: object
    adjudicator: object
    head_office: object
    demo_owner: object
    owners: dict
    rng: random.Random


@dataclass
class _Case:
    """One shop of a cycle: its file, who answers for it, how much it tends to lose."""

    assessment: Assessment
    owner: object
    loss: float


def _cast(story: sample.Story, chapter: str) -> _Cast:
    people = Position.objects.current().filter(role="owner", pharmacy__isnull=False)
    owners = {row.pharmacy_id: row.user for row in people.select_related("user")}
    return _Cast(
        secretary=story.user("secretary"),
        second_secretary=story.user("second_secretary"),
        reviewer=story.user("reviewer"),
        second_reviewer=story.user("second_reviewer"),
        adjudicator=story.user("adjudicator"),
        head_office=story.user("head_office"),
        demo_owner=story.user("owner"),
        owners=owners,
        rng=story.rng(f"rating {chapter}"),
    )


def _cases(cycle: Cycle, cast: _Cast) -> Iterator[_Case]:
    """Yield the files of the shops that have an owner with a login, as they were entered."""
    rows = Assessment.objects.filter(cycle=cycle, pharmacy__in=cast.owners)
    for assessment in rows.select_related("cycle__scheme", "pharmacy").order_by("pharmacy_id"):
        own = random.Random(f"loss:{assessment.pharmacy_id}")  # noqa: S311 -- the same every year
        loss = own.triangular(0.04, 0.68, 0.22) + cast.rng.uniform(-0.04, 0.04)
        yield _Case(assessment, cast.owners[assessment.pharmacy_id], max(loss, 0.01))


def _reviewer_of(case: _Case):
    return case.assessment.assignments.get(ended_at=None).reviewer


# ------------------------------------------------------------------ what they do


def _planned(
    story: sample.Story, year: int, *, planned: int, entry_ends: int, review_ends: int
) -> Cycle:
    draft = cycles.Plan(
        name=f"{year} 年度",
        scheme=Scheme.objects.order_by("pk").first(),
        starts_on=date(year, 1, 1),
        ends_on=date(year, 12, 31),
        entry_closes_on=_day(story, entry_ends),
        review_closes_on=_day(story, review_ends),
        valid_from=date(year + 1, 1, 1),
        valid_to=date(year + 1, 12, 31),
        expected_top_share=30,
    )
    return cycles.plan(
        draft,
        by=story.user("secretary"),
        now=story.days_ago(planned, hour=14),
    )


def _leave_out(cases: list[_Case], reason: str, cast: _Cast, *, now: datetime) -> None:
    for case in cases:
        cycles.decline(case.assessment, reason=reason, by=case.owner, now=now)


def _hand_in(
    story: sample.Story, cases: list[_Case], cast: _Cast, *, first: int, last: int
) -> None:
    """The owners fill and hand in, some early and most in the last days."""
    for case in cases:
        days = last + int((first - last) * cast.rng.random() ** 2)
        moment = story.days_ago(days, hour=cast.rng.randrange(8, 22), minute=cast.rng.randrange(60))
        _answer(case, cast, moment - timedelta(minutes=12))
        entry.submit(case.assessment, by=case.owner, now=moment)


def _answer(case: _Case, cast: _Cast, now: datetime, *, by=None) -> None:
    """Every item answered: mostly well, sometimes not, here and there not applicable."""
    items = owner_items(case.assessment.cycle.scheme.rules)
    reasons = {code: text for code, text in NO_BUSINESS.items() if cast.rng.random() < 0.2}
    entry.save_answers(
        case.assessment,
        answers={
            code: _value(item, cast.rng, case.loss * 0.7)
            for code, item in items.items()
            if code not in reasons
        },
        na_reasons=reasons,
        by=by or case.owner,
        now=now,
    )


def _begin(case: _Case, cast: _Cast, now: datetime) -> None:
    """The first parts only: this shop never came to the end."""
    items = owner_items(case.assessment.cycle.scheme.rules)
    answers = {code: _value(item, cast.rng, case.loss) for code, item in list(items.items())[:7]}
    entry.save_answers(case.assessment, answers=answers, by=case.owner, now=now)


def _pass(story: sample.Story, cases: list[_Case], cast: _Cast, *, first: int, last: int) -> None:
    """The reviewers work through their cases and find an item or two otherwise."""
    items = owner_items(cases[0].assessment.cycle.scheme.rules) if cases else {}
    for number, case in enumerate(cases):
        found = {}
        if cast.rng.random() < case.loss * 1.5:
            code = cast.rng.choice(["S03", "S05", "S13", "S15"])
            found = {code: _value(items[code], cast.rng, 1)}
        days = first - (first - last) * number // len(cases)
        moment = story.days_ago(days, hour=9 + number % 8, minute=number * 7 % 60)
        review.pass_(case.assessment, values=found, by=_reviewer_of(case), now=moment)


def _mark(
    story: sample.Story,
    cycle: Cycle,
    cases: list[_Case],
    cast: _Cast,
    *,
    days: tuple[int, int],
    left_open: bool = False,
) -> None:
    """Two sheets of the department and the public, and bonus on paper with a second person."""
    year = cycle.ends_on.year
    rules = cycle.scheme.rules
    rows = Assessment.objects.taking_part().filter(cycle=cycle)
    taking_part = set(rows.values_list("pk", flat=True))
    open_cases = [case for case in cases if case.assessment.pk in taking_part]
    if not open_cases:
        return
    for kind, title, number, day in (
        (DEPARTMENT, f"{year} 年度监督检查汇总表", f"示例市监函〔{year}〕31号", days[0]),
        (PUBLIC, f"{year} 年度群众口碑汇总表", f"示例药协〔{year}〕口碑1号", days[1]),
    ):
        items = marked_items(rules, kind)
        marks.enter_marks(
            cycle,
            kind=kind,
            title=title,
            document_number=number,
            marks={
                case.assessment.pk: {
                    code: Mark(_value(item, cast.rng, case.loss), _sample_size(item, cast.rng))
                    for code, item in items.items()
                }
                for case in open_cases
            },
            by=cast.secretary,
            now=story.days_ago(day, hour=16),
        )
    papers = []
    for number, (code, title) in enumerate(
        (("B05", "家庭过期药品回收点名单"), ("B07", "年度零投诉药店名单")), start=1
    ):
        good = sorted(open_cases, key=lambda case: case.loss)[: len(open_cases) // (2 * number) + 1]
        papers.append(
            marks.enter_marks(
                cycle,
                kind=BONUS,
                title=title,
                document_number=f"示例药协〔{year}〕公益{number}号",
                marks={case.assessment.pk: {code: Mark("1")} for case in good},
                by=cast.secretary,
                now=story.days_ago(days[1], hour=17),
            )
        )
    # This year the second paper still waits for its second person.
    for paper in papers[: 1 if left_open else 2]:
        marks.confirm_paper(
            paper, by=cast.second_secretary, now=story.days_ago(days[1], hour=17, minute=40)
        )


def _rate(cycle: Cycle, *, now: datetime) -> None:
    """The draft rating, batch by batch as the worker does it."""
    cycle = Cycle.objects.select_related("scheme").get(pk=cycle.pk)
    pks = list(Assessment.objects.filter(cycle=cycle).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), rating.BATCH):
        rating.rate_batch(cycle, pks[start : start + rating.BATCH], now=now)
    rating.finish_rating(cycle, now=now)


def _run_job(now: datetime) -> None:
    """What the worker would do at that moment: the jobs that wait, then their messages."""
    while (job := jobs.claim(now)) is not None:
        jobs.run(job, lambda: now)
    jobs.deliver_due(now)


# ------------------------------------------------------------------ small things


def _value(item: Item, rng: random.Random, loss: float) -> str:
    """A value of an item: the best one, or with the chance ``loss`` one that costs points."""
    is_good = rng.random() >= loss
    if item.method == "bool":
        return "符合" if is_good else "不符合"
    if item.method == "deduct":
        return "0" if is_good else rng.choice("1112")
    if item.method == "level":
        best_first = sorted(item.levels, key=lambda level: -level.points)
        return best_first[0 if is_good else 1].name
    if item.method == "measured":
        limits = [step for step in item.steps if step.op != "otherwise"]
        best_first = sorted(limits, key=lambda step: -step.points)
        return format(best_first[0 if is_good else 1].limit, "f")
    return "20/20" if is_good else f"{rng.choice((19, 18, 17, 15))}/20"


def _sample_size(item: Item, rng: random.Random) -> int | None:
    """How many answers stand behind a value; now and then too few to count."""
    if item.small_sample is None:
        return None
    below = item.small_sample.below
    return rng.randrange(5, below) if rng.random() < 0.15 else rng.randrange(below, below * 5)


def _day(story: sample.Story, days: int) -> date:
    return timezone.localdate(story.now) - timedelta(days=days)


def _at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(10)))


def _picture(name: str) -> SimpleUploadedFile:
    """Draw a stand-in for a signed sheet."""
    picture = Image.new("RGB", (480, 640), (250, 250, 246))
    draw = ImageDraw.Draw(picture)
    for line in range(14):
        draw.rectangle(
            (48, 60 + line * 34, 432 - line % 3 * 60, 66 + line * 34), fill=(150, 160, 158)
        )
    draw.line((300, 590, 330, 560, 350, 596, 380, 566, 410, 590), fill=(30, 60, 120), width=4)
    out = BytesIO()
    picture.save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")
