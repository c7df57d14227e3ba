"""Reads about members: the list and its views, who a report may mean, the own record."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet

from association import encryption
from party.enums import (
    COMMITTEE_ROLES,
    CensusState,
    MeetingKind,
    MeetingState,
    Relation,
    Rights,
    Standing,
)
from party.id_number import mask, mask_phone
from party.models import (
    PHONE,
    Census,
    CensusEntry,
    ConsentText,
    Meeting,
    PartyMember,
    PartyOrganisation,
)

SOON = timedelta(days=60)  # how long before its end a probation is shown
VIEWS = {
    "all": ("全部", Q()),
    "probationary": ("预备党员", Q(standing=Standing.PROBATIONARY)),
    "elsewhere": ("双重组织生活", Q(relation=Relation.ELSEWHERE)),
    "floating": ("流动党员", Q(is_floating=True)),
    "no_consent": ("未登记同意", Q(consent=None)),
    "not_recorded": ("官方系统未录入", Q(official_system="not_recorded")),
    "limited": ("权利受限", ~Q(rights=Rights.NORMAL)),
}


def listed(user, *, organisation: int | None = None, word: str = "") -> QuerySet[PartyMember]:
    """Return the members the person may see, narrowed by organisation and name."""
    members = PartyMember.objects.visible_to(user).present()
    if organisation is not None:
        below = PartyOrganisation.objects.below([organisation])
        members = members.filter(organisation__in=below)
    if word:
        members = members.filter(Q(name__icontains=word) | Q(unit__name__icontains=word))
    return members


def view_counts(members: QuerySet[PartyMember]) -> dict[str, int]:
    """Return how many members each saved view holds, in one query."""
    return members.aggregate(
        **{name: Count("pk", filter=condition) for name, (_, condition) in VIEWS.items()}
    )


def rows_of(members: QuerySet[PartyMember], view: str) -> QuerySet[PartyMember]:
    """Return the rows of a view as the list shows them; nothing sealed is read."""
    condition = VIEWS.get(view, VIEWS["all"])[1]
    rows = members.filter(condition).select_related("organisation", "group", "unit")
    return rows.defer("id_number", "phone").order_by("organisation__name", "name", "pk")


def masked_numbers(member: PartyMember) -> dict[str, str]:
    """Return ID number and phone as they may always be shown; empty where there is none."""
    return {
        "id_number": mask(member.id_number) if member.id_number_index else "",
        "phone": mask_phone(member.phone) if member.phone_index else "",
    }


def consent_text_in_force(day: date) -> ConsentText | None:
    """Return the version of the consent text of that day."""
    return ConsentText.objects.filter(starts_on__lte=day).order_by("-version").first()


def record_of(user) -> PartyMember | None:
    """Return the person's own record, by the login linked to it."""
    return (
        PartyMember.objects.filter(user=user)
        .select_related("organisation", "group", "unit", "consent__text")
        .first()
    )


def meetings_of(member: PartyMember, *, now: datetime) -> list[dict]:
    """Return the member's meetings, to come and of late: what the notice and the own page say."""
    groups = [member.organisation_id, *([member.group_id] if member.group_id else [])]
    coming = Meeting.objects.filter(
        state=MeetingState.ANNOUNCED, starts_at__gte=now, organisation__in=groups
    )
    seats = member.posts.current().filter(role__in=COMMITTEE_ROLES)
    if not seats.filter(organisation=member.organisation).exists():
        coming = coming.exclude(kind__in=[MeetingKind.COMMITTEE, MeetingKind.JOINT])
    attended = member.roll_entries.filter(meeting__state__in=["held", "closed"])
    rows = [
        {"meeting": meeting, "words": "请准时参加", "is_coming": True}
        for meeting in coming.order_by("starts_at", "pk")
    ]
    rows += [
        {
            "meeting": entry.meeting,
            "words": entry.get_presence_display() or "未点名",
            "is_coming": False,
        }
        for entry in attended.select_related("meeting").order_by("-meeting__starts_at", "-pk")[:12]
    ]
    return rows


def probation_ending(organisations, *, today: date) -> QuerySet[PartyMember]:
    """Return the probationary members whose probation ends soon or is over."""
    rows = PartyMember.objects.present().filter(
        organisation__in=organisations,
        standing=Standing.PROBATIONARY,
        probation_ends_on__lte=today + SOON,
    )
    return rows.select_related("organisation").order_by("probation_ends_on", "pk")


def census_behind(code: str) -> Census | None:
    """Return the census of a code whose signature has been checked."""
    return Census.objects.select_related("organisation", "text").filter(code=code).first()


def entries_of(census: Census) -> dict[str, list[CensusEntry]]:
    """Return the reports by their state, the earliest first."""
    found: dict[str, list[CensusEntry]] = {state: [] for state in CensusState.values}
    for entry in census.entries.select_related("member", "settled_by").order_by("sent_at", "pk"):
        found[entry.state].append(entry)
    return found


def likely_members(entry: CensusEntry, user) -> list[PartyMember]:
    """Return the members whom the report may mean: the same phone first, then the same name."""
    indexes = encryption.blind_indexes(entry.phone, PHONE) if entry.phone_index else []
    members = PartyMember.objects.visible_to(user).present().defer("id_number", "phone")
    below = PartyOrganisation.objects.below([entry.census.organisation_id])
    found = members.filter(
        Q(phone_index__in=indexes) | Q(name=entry.name), organisation__in=below
    ).select_related("organisation", "unit")
    return sorted(found, key=lambda member: (member.phone_index not in indexes, member.name))
