"""Reads about the tree: rows of the page, sizes, vacancies, advice, coverages, totals."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth import get_user_model
from django.db.models import Count, Max, Q, QuerySet

from members.models import MemberUnit
from party import structure
from party.enums import (
    ASSOCIATION_ROLES,
    COMMITTEE_ROLES,
    MeetingKind,
    OrganisationKind,
    PostRole,
    Relation,
    Standing,
)
from party.models import Meeting, PartyMember, PartyOrganisation, Post
from party.queries.rules import line_above, rule_book, rule_books
from party.structure import Coverage, Sizes, UnitCount, Vacancy


def branches() -> QuerySet[PartyOrganisation]:
    """Return the standing branches and joint branches: who owes 三会一课."""
    return PartyOrganisation.objects.standing().branches()


def tree_of(user, *, today: date) -> list[dict]:
    """Return the organisations the person keeps, each below its parent, with what is the case."""
    rows = list(PartyOrganisation.objects.visible_to(user).standing().order_by("founded_on", "pk"))
    facts = facts_of(rows, today=today)
    children = defaultdict(list)
    known = {row.pk for row in rows}
    for row in rows:
        children[row.parent_id if row.parent_id in known else None].append(row)
    return [
        {"organisation": row, "depth": depth} | facts[row.pk]
        for row, depth in _walk(children, None, 0)
    ]


def _walk(children, parent, depth):
    for row in children[parent]:
        yield row, depth
        yield from _walk(children, row.pk, depth + 1)


def facts_of(organisations: Iterable[PartyOrganisation], *, today: date) -> dict[int, dict]:
    """Return for each organisation its sizes, secretary, vacancies, term mark and advice.

    A fixed number of queries, however many organisations there are.
    """
    organisations = list(organisations)
    sizes, posts = sizes_of(organisations), current_posts(organisations)
    empty = vacancies_of(organisations, posts)
    books = rule_books(today, organisations)
    facts = {}
    for each in organisations:
        held = posts[each.pk]
        lead = {PostRole.SECRETARY, PostRole.GROUP_LEADER}
        facts[each.pk] = {
            "sizes": sizes[each.pk],
            "posts": held,
            "secretary": next((post for post in held if post.role in lead), None),
            "vacancies": empty[each.pk],
            "term_mark": structure.term_warning(
                each.term_ends_on, today, books[each.pk].term_watch
            ),
            "advice": structure.advice(sizes[each.pk], books[each.pk]),
        }
    return facts


def sizes_of(organisations: list[PartyOrganisation]) -> dict[int, Sizes]:
    """Return members, full members, covered companies and seats of each organisation.

    A committee or general branch counts the members of the branches below it.
    """
    pks = [each.pk for each in organisations]
    here = Q(left_on=None, relation=Relation.HERE)
    own = {
        row["organisation"]: (row["members"], row["full"])
        for row in PartyMember.objects.filter(here)
        .values("organisation")
        .annotate(members=Count("pk"), full=Count("pk", filter=Q(standing=Standing.FULL)))
        .order_by()
    }
    of_groups = dict(
        PartyMember.objects.filter(here, group__in=pks)
        .values_list("group")
        .annotate(Count("pk"))
        .order_by()
    )
    units = dict(
        PartyOrganisation.objects.filter(pk__in=pks)
        .annotate(covered=Count("covered_units", filter=Q(covered_units__ends_on=None)))
        .values_list("pk", "covered")
    )
    seats = dict(
        Post.objects.current()
        .filter(organisation__in=pks, role__in=COMMITTEE_ROLES)
        .values_list("organisation")
        .annotate(Count("pk"))
        .order_by()
    )
    parents = dict(PartyOrganisation.objects.standing().values_list("pk", "parent"))
    below: dict[int, list[int]] = defaultdict(list)
    for pk in parents:
        step: int | None = pk
        while step is not None:
            below[step].append(pk)
            step = parents.get(step)
    sizes = {}
    for each in organisations:
        counted = [own.get(pk, (0, 0)) for pk in below[each.pk] or [each.pk]]
        members, full = (sum(column) for column in zip(*counted, strict=True))
        if each.kind == OrganisationKind.GROUP:
            members = full = of_groups.get(each.pk, 0)
        sizes[each.pk] = Sizes(
            kind=each.kind,
            members=members,
            full_members=full,
            units=units.get(each.pk, 0),
            committee_members=seats.get(each.pk, 0),
            has_committee=each.has_committee,
        )
    return sizes


def current_posts(organisations: Iterable[PartyOrganisation]) -> dict[int, list[Post]]:
    """Return the posts held today, by organisation, in the order of the seats."""
    order = list(PostRole.values)
    held: dict[int, list[Post]] = {each.pk: [] for each in organisations}
    rows = Post.objects.current().filter(organisation__in=held).select_related("user", "member")
    for post in sorted(rows, key=lambda post: (order.index(post.role), post.pk)):
        held[post.organisation_id].append(post)
    return held


def vacancies_of(
    organisations: Iterable[PartyOrganisation], posts: dict[int, list[Post]]
) -> dict[int, list[Vacancy]]:
    """Return the posts that should be filled and are not, and since when.

    Since the last holder left; where nobody ever held it, since the founding.
    """
    organisations = list(organisations)
    last = {
        (row["organisation"], row["role"]): row["last"]
        for row in Post.objects.filter(
            organisation__in=[each.pk for each in organisations], ends_on__isnull=False
        )
        .values("organisation", "role")
        .annotate(last=Max("ends_on"))
        .order_by()
    }
    empty = {}
    for each in organisations:
        held = {post.role for post in posts[each.pk]}
        wanted = structure.seats_wanted(each.kind, each.has_committee)
        empty[each.pk] = [
            Vacancy(role, _day_after(last.get((each.pk, role))) or each.founded_on)
            for role in wanted
            if role not in held
        ]
    return empty


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)


def keepers_of(organisation: PartyOrganisation) -> list:
    """Return the people who keep the ledger of the organisation, by a post there or above."""
    line = line_above(organisation)
    posts = Post.objects.opening_doors().filter(organisation__in=line)
    people = get_user_model().objects.filter(is_active=True, pk__in=posts.values("user"))
    return list(people.order_by("pk"))


def posts_waiting_for_access() -> QuerySet[Post]:
    """Return the posts whose holder's login no second person has confirmed yet."""
    waiting = Post.objects.current().filter(user__isnull=False, access_confirmed_at=None)
    return waiting.select_related("organisation", "user", "created_by").order_by("created_at")


def cross_appointments() -> list[tuple[Post, list[Post]]]:
    """Return the posts of the association with the Party posts of the same person (交叉任职).

    The same person is the same member on the register, or the same login.
    """
    party = list(
        Post.objects.current()
        .filter(organisation__isnull=False)
        .select_related("organisation", "member")
        .order_by("pk")
    )
    association = Post.objects.current().filter(role__in=ASSOCIATION_ROLES)
    order = list(PostRole.values)
    rows = sorted(
        association.select_related("member"), key=lambda post: (order.index(post.role), post.pk)
    )
    return [(post, [other for other in party if is_same_person(post, other)]) for post in rows]


def is_same_person(one: Post, other: Post) -> bool:
    """Return whether two posts are held by one person."""
    by_member = one.member_id is not None and one.member_id == other.member_id
    by_login = one.user_id is not None and one.user_id == other.user_id
    return by_member or by_login


# ------------------------------------------------------------------ coverage


def unit_counts(organisations) -> list[UnitCount]:
    """Return for every company of the association its Party members and who looks after it.

    ``organisations`` are those whose members may be counted.
    """
    counts = {
        row["unit"]: (row["members"], row["full"])
        for row in PartyMember.objects.present()
        .filter(organisation__in=organisations, unit__isnull=False)
        .values("unit")
        .annotate(
            members=Count("pk"),
            full=Count("pk", filter=Q(standing=Standing.FULL)),
        )
        .order_by()
    }
    covered: dict[int, set[str]] = defaultdict(set)
    own: set[int] = set()
    standing = PartyOrganisation.objects.standing()
    for unit, organisation, kind in standing.filter(
        covered_units__ends_on=None, covered_units__isnull=False
    ).values_list("covered_units__unit", "pk", "kind"):
        covered[unit].add(organisation)
        if kind in {OrganisationKind.BRANCH, OrganisationKind.GENERAL_BRANCH,
                    OrganisationKind.COMMITTEE}:  # fmt: skip
            own.add(unit)
    coached = set(
        Post.objects.current()
        .filter(role=PostRole.COACH, unit__isnull=False)
        .values_list("unit", flat=True)
    )
    return [
        UnitCount(
            unit=pk,
            members=counts.get(pk, (0, 0))[0],
            full_members=counts.get(pk, (0, 0))[1],
            has_own_branch=pk in own,
            is_covered=pk in covered,
            has_coach=pk in coached,
        )
        for pk in MemberUnit.objects.order_by("name_sort", "pk").values_list("pk", flat=True)
    ]


@dataclass(frozen=True)
class Board:
    """The coverages (两个覆盖、应建尽建、指导员) with the companies that are not covered."""

    organisation: Coverage
    own_branch: Coverage
    joint: Coverage
    work: Coverage
    coach: Coverage
    counts: dict[int, UnitCount]


def coverage(organisations, *, today: date) -> Board:
    """Return the coverages of today."""
    units, book = unit_counts(organisations), rule_book(today)
    return Board(
        organisation=structure.organisation_coverage(units),
        own_branch=structure.own_branch_coverage(units, book),
        joint=structure.joint_coverage(units, book),
        work=structure.work_coverage(units),
        coach=structure.coach_coverage(units),
        counts={unit.unit: unit for unit in units},
    )


def superior_of(organisation: PartyOrganisation) -> QuerySet[PartyOrganisation]:
    """Return the organisation directly above, to be kept in a form."""
    return PartyOrganisation.objects.filter(pk=organisation.parent_id)


def topmost() -> QuerySet[PartyOrganisation]:
    """Return the organisations whose superior is outside the portal, for who sets them up."""
    return PartyOrganisation.objects.standing().filter(parent=None).order_by("pk")


def logins_in_force() -> QuerySet[Post]:
    """Return the posts whose holders keep a Party ledger, for who grants roles."""
    return Post.objects.opening_doors().select_related("organisation", "user").order_by("pk")


def coaches() -> QuerySet[Post]:
    """Return the instructors of today with whom they look after."""
    held = Post.objects.current().filter(role=PostRole.COACH)
    return held.select_related("unit", "organisation").order_by("name", "pk")


def unit_names() -> dict[int, str]:
    """Return the names of all member companies, by name."""
    return dict(MemberUnit.objects.order_by("name_sort", "pk").values_list("pk", "name"))


def branches_under(roots) -> QuerySet[PartyOrganisation]:
    """Return the standing branches at or below ``roots`` (pks)."""
    return PartyOrganisation.objects.below(roots).standing().branches().order_by("pk")


def all_standing() -> QuerySet[PartyOrganisation]:
    """Return every organisation that has not been dissolved: for totals without names."""
    return PartyOrganisation.objects.standing()


def totals(*, today: date) -> dict:
    """Return the numbers of the Party's work that leave this room: no name, no list."""
    organisations = all_standing()
    kinds = dict(organisations.values_list("kind").annotate(Count("pk")).order_by())
    present = PartyMember.objects.present().filter(organisation__in=organisations)
    members = present.aggregate(
        here=Count("pk", filter=Q(relation=Relation.HERE)),
        elsewhere=Count("pk", filter=Q(relation=Relation.ELSEWHERE)),
        full=Count("pk", filter=Q(relation=Relation.HERE, standing=Standing.FULL)),
        probationary=Count("pk", filter=Q(relation=Relation.HERE, standing=Standing.PROBATIONARY)),
        floating=Count("pk", filter=Q(is_floating=True)),
    )
    year_start = date(today.year, 1, 1)
    meetings = Meeting.objects.held().filter(starts_at__date__range=(year_start, today))
    by_kind = Counter(
        each for kind, also in meetings.values_list("kind", "also") for each in (kind, *also)
    )
    soon = today + timedelta(days=max(rule_book(today).term_watch))
    return {
        "kinds": [
            (label, kinds[kind]) for kind, label in OrganisationKind.choices if kind in kinds
        ],
        "organisations": sum(kinds.values()) - kinds.get(OrganisationKind.GROUP, 0),
        "members": members,
        "meetings": [
            (label, by_kind[kind]) for kind, label in MeetingKind.choices if kind in by_kind
        ],
        "meeting_count": meetings.count(),
        "terms_due": organisations.filter(term_ends_on__lte=soon).count(),
        "coverage": coverage(organisations, today=today),
    }
