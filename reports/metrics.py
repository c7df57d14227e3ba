"""Figures of the Party work list that the rooms can reckon today; each room's issue adds its own.

A metric that is not registered here does not exist yet: the list then asks for the figure by hand.
``None`` means that there is nothing to reckon from, which is never 0 and never 100 %.
"""

from datetime import date

from django.db.models import Count, Q
from django.urls import reverse

from activities.enums import ActivityState
from activities.models import Activity, Obligation
from members.models import Pharmacy
from party import structure
from party.enums import ASSOCIATION_ROLES, COMMITTEE_ROLES, MeetingKind, PostRole
from party.metrics import Figure, register, share
from party.models import PartyMember, PartyOrganisation, Post
from party.queries import organisations as tree
from party.queries.meetings import life_held, life_owed
from pledges.enums import PledgeState
from pledges.models import Campaign
from starrating.models import Cycle

# ------------------------------------------------------------------ organisation and people


def seats_filled(organisation, start: date, end: date, today: date) -> Figure | None:
    """应设岗位到岗率: of the seats that the rules ask for, those that somebody holds today."""
    facts = tree.facts_of([organisation], today=today)[organisation.pk]
    wanted = structure.seats_wanted(organisation.kind, organisation.has_committee)
    return share(
        len(wanted) - len(facts["vacancies"]),
        len(wanted),
        unit=" 个岗位",
        url=organisation.get_absolute_url(),
    )


def own_branches(organisation, start: date, end: date, today: date) -> Figure | None:
    """应建尽建: of the companies with enough full members, those with a branch of their own."""
    found = tree.coverage(tree.all_standing(), today=today).own_branch
    return share(found.done, found.of, unit=" 家", url=reverse("party:coverage"))


def joint_branches(organisation, start: date, end: date, today: date) -> Figure | None:
    """联合组建: of the companies with too few full members, those that are covered."""
    found = tree.coverage(tree.all_standing(), today=today).joint
    return share(found.done, found.of, unit=" 家", url=reverse("party:coverage"))


def coaches(organisation, start: date, end: date, today: date) -> Figure | None:
    """指导员: of the companies without an organisation, those that have an instructor."""
    found = tree.coverage(tree.all_standing(), today=today).coach
    return share(found.done, found.of, unit=" 家", url=reverse("party:coverage"))


def terms_kept(organisation, start: date, end: date, today: date) -> Figure | None:
    """按期换届: of the organisations with a term on record, those that are within it."""
    known = PartyOrganisation.objects.below([organisation.pk]).standing()
    known = known.filter(term_ends_on__isnull=False)
    return share(
        known.filter(term_ends_on__gte=today).count(),
        known.count(),
        unit=" 个",
        url=reverse("party:organisations"),
    )


def fulltime_workers(organisation, start: date, end: date, today: date) -> Figure | None:
    """专职党务工作者: how many hold such a post today, one at least."""
    held = organisation.posts.current().filter(role=PostRole.FULLTIME_WORKER).count()
    return Figure(f"{held} 名", is_met=held >= 1, url=organisation.get_absolute_url())


def cross_posts(organisation, start: date, end: date, today: date) -> Figure | None:
    """交叉任职: whether the secretary holds the office of secretary-general or its deputy."""
    secretary = organisation.posts.current().filter(role=PostRole.SECRETARY).first()
    association = list(Post.objects.current().filter(role__in=ASSOCIATION_ROLES))
    if secretary is None or not association:
        return None
    offices = {PostRole.SECRETARY_GENERAL, PostRole.DEPUTY_SECRETARY_GENERAL}
    both = [
        post.get_role_display()
        for post in association
        if post.role in offices and tree.is_same_person(post, secretary)
    ]
    text = f"书记兼任{'、'.join(both)}" if both else "书记没有兼任秘书长或副秘书长"
    return Figure(text, is_met=bool(both), url=reverse("party:organisations"))


def executives_in_committee(organisation, start: date, end: date, today: date) -> Figure | None:
    """班子中企业高管: of those in the committee who are on the register, the executives."""
    seats = organisation.posts.current().filter(role__in=COMMITTEE_ROLES, member__isnull=False)
    people = PartyMember.objects.filter(pk__in=seats.values("member"))
    counts = people.aggregate(all=Count("pk"), executives=Count("pk", filter=Q(is_executive=True)))
    if not counts["all"]:
        return None
    percent = counts["executives"] * 100 // counts["all"]
    return Figure(
        f"{counts['executives']}/{counts['all']} 名，{percent}%",
        note="比上年不降，请对照上年数字",
        url=organisation.get_absolute_url(),
    )


# ------------------------------------------------------------------ organisation life


def _held_of(
    organisation, start: date, end: date, today: date, kinds: tuple[str, ...]
) -> tuple[int, int]:
    """Return how many were held of those whose period is over, or that were held before it is."""
    days = [(each.kind, each.held_on) for each in life_held(organisation, start.year)]
    owed = [
        each
        for each in life_owed(organisation, start.year, today=today)
        if each.kind in kinds and start <= each.end and each.end.replace(day=1) <= end
    ]
    held = [
        each
        for each in owed
        if any(kind == each.kind and each.start <= day <= each.end for kind, day in days)
    ]
    counted = [each for each in owed if each in held or each.is_over(today)]
    return len(held), len(counted)


def meetings_on_time(organisation, start: date, end: date, today: date) -> Figure | None:
    """三会一课按期: of the meetings that the task's period asks for, those held."""
    kinds = (MeetingKind.GENERAL, MeetingKind.COMMITTEE, MeetingKind.GROUP, MeetingKind.LECTURE)
    done, owed = _held_of(organisation, start, end, today, kinds)
    return share(done, owed, unit=" 次", url=reverse("party:meetings"))


def theme_days(organisation, start: date, end: date, today: date) -> Figure | None:
    """主题党日: of the months of the task's period, those with one."""
    done, owed = _held_of(organisation, start, end, today, (MeetingKind.THEME_DAY,))
    return share(done, owed, unit=" 次", url=reverse("party:meetings"))


# ------------------------------------------------------------------ the association's work


def pledges_signed(organisation, start: date, end: date, today: date) -> Figure | None:
    """承诺签署率: of the shops invited in the campaign of the year, those that have signed."""
    campaign = Campaign.objects.filter(year=start.year).first()
    if campaign is None:
        return None
    counts = campaign.pledges.aggregate(
        all=Count("pk"), signed=Count("pk", filter=Q(state=PledgeState.SIGNED))
    )
    return share(counts["signed"], counts["all"], unit=" 家药店")


def register_complete(organisation, start: date, end: date, today: date) -> Figure | None:
    """底册完整率: shops of which licence, its end, sub-district, address and phone are known."""
    shops = Pharmacy.objects.on_register()
    whole = shops.filter(
        licence_number__isnull=False, licence_expires_on__isnull=False, area__isnull=False
    ).exclude(Q(address="") | Q(phone=""))
    return share(whole.count(), shops.count(), goal=98, unit=" 家药店")


def licences_expired(organisation, start: date, end: date, today: date) -> Figure | None:
    """过期证照: shops whose drug licence is over; those without a date are named apart."""
    shops = Pharmacy.objects.all()
    if not shops.on_register().exists():
        return None
    over, unknown = shops.licence_over(today=today).count(), shops.licence_unknown().count()
    note = f"另有 {unknown} 家没有登记有效期" if unknown else ""
    return Figure(f"过期 {over} 家", is_met=over == 0 and not unknown, note=note)


def _obligations_met(code: str, start: date, end: date) -> tuple[int, int]:
    """Return how many of the association's own obligations of the periods that ended are met."""
    owed = Obligation.objects.standing().filter(
        code=code, organisation=None, period_end__range=(start, end)
    )
    return owed.count() - owed.unmet().count(), owed.count()


def volunteering(organisation, start: date, end: date, today: date) -> Figure | None:
    """每月一志愿: of the months that have ended, those with a verified activity."""
    return share(*_obligations_met("duty/B01", start, end), unit=" 次")


def lectures_and_services(organisation, start: date, end: date, today: date) -> Figure | None:
    """每季一宣讲一服务: both, of the quarters that have ended."""
    counts = [_obligations_met(code, start, end) for code in ("duty/B03", "duty/B04")]
    done, owed = (sum(column) for column in zip(*counts, strict=True))
    return share(done, owed, unit=" 次")


def clinics(organisation, start: date, end: date, today: date) -> Figure | None:
    """义诊: verified clinics of the year up to now; the goal is for the whole year."""
    year = (date(start.year, 1, 1), end)
    held = Activity.objects.filter(
        obligations__code="duty/D01", state=ActivityState.VERIFIED, held_on__range=year
    )
    if not Obligation.objects.filter(code="duty/D01", period_start__year=start.year).exists():
        return None
    return Figure(f"今年 {held.distinct().count()} 场", note="指标按全年计")


def rated_shops(organisation, start: date, end: date, today: date) -> Figure | None:
    """参评率: of the shops on the register, those that take part in the cycle of the year."""
    cycle = Cycle.objects.filter(starts_on__year=start.year).order_by("-pk").first()
    if cycle is None:
        return None
    taking_part = cycle.assessments.exclude(state__in=["declined", "excused"])
    submitted = taking_part.exclude(state__in=["open", "returned"]).count()
    return share(submitted, Pharmacy.objects.on_register().count(), goal=80, unit=" 家药店")


METRICS = {
    "org.committee": seats_filled,
    "coverage.org": own_branches,
    "coverage.joint": joint_branches,
    "coverage.coach": coaches,
    "term.due": terms_kept,
    "staff.fulltime": fulltime_workers,
    "cross_post": cross_posts,
    "exec_ratio": executives_in_committee,
    "meeting.ontime": meetings_on_time,
    "themeday": theme_days,
    "pledge.rate": pledges_signed,
    "data.complete": register_complete,
    "license.expired": licences_expired,
    "six_ones.volunteer": volunteering,
    "six_ones.lecture_service": lectures_and_services,
    "clinic.count": clinics,
    "star.rate": rated_shops,
}


def register_all() -> None:
    """Hand the figures to the work list; called once when the portal starts."""
    for name, compute in METRICS.items():
        register(name, compute)
