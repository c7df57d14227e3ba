"""Reads about meetings: who is due, the roll in numbers, what was held, what is missing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import localdate, localtime

from association.models import AuditEvent
from party import life, voting
from party.enums import (
    COMMITTEE_ROLES,
    MeetingKind,
    MeetingState,
    OrganisationKind,
    Presence,
    Rights,
    Standing,
)
from party.models import Meeting, Motion, PartyMember, PartyOrganisation
from party.queries.rules import rule_book

OF_COMMITTEE = frozenset({MeetingKind.COMMITTEE, MeetingKind.JOINT})


@dataclass(frozen=True)
class HeldMeeting:
    """One meeting as it counts for one kind; ``is_filed`` once its minutes are in order.

    ``is_coming``: planned, asked for expressly.
    """

    organisation: int
    kind: str
    held_on: date
    meeting: int
    title: str
    is_filed: bool
    is_coming: bool = False


def meetings_held(
    organisations: Iterable[PartyOrganisation | int],
    start: date,
    end: date,
    *,
    and_planned: bool = False,
) -> list[HeldMeeting]:
    """Return what the organisations held from ``start`` to ``end``, both days included.

    One row for each kind that an occasion counts for, by day. Cancelled and discarded meetings
    are not among them, planned ones only with ``and_planned``; a meeting whose minutes are not
    filed yet is, and says so.
    """
    pks = [getattr(each, "pk", each) for each in organisations]
    meetings = Meeting.objects.standing() if and_planned else Meeting.objects.held()
    rows = (
        meetings.filter(organisation__in=pks, starts_at__date__range=(start, end))
        .order_by("starts_at", "pk")
        .only("organisation_id", "kind", "also", "starts_at", "title", "state")
    )
    return [
        HeldMeeting(
            organisation=row.organisation_id,
            kind=kind,
            held_on=localdate(row.starts_at),
            meeting=row.pk,
            title=row.title,
            is_filed=row.state == MeetingState.CLOSED,
            is_coming=row.state in (MeetingState.PLANNED, MeetingState.ANNOUNCED),
        )
        for row in rows
        for kind in row.counts_for
        if kind != MeetingKind.JOINT
    ]


@dataclass(frozen=True)
class CalendarMeeting:
    """What a calendar outside of the Party room may know of a meeting: kind, moment, host."""

    pk: int
    organisation: int
    name: str
    starts_at: datetime  # local
    sequence: int
    changed_at: datetime
    is_cancelled: bool


def meetings_for_calendar(
    organisations: Iterable[int], start: date, most: int = 500
) -> list[CalendarMeeting]:
    """Return the meetings from ``start`` on, cancelled ones too, the latest ``most`` by time."""
    rows = (
        Meeting.objects.exclude(state=MeetingState.DISCARDED)
        .filter(organisation__in=list(organisations), starts_at__date__gte=start)
        .order_by("-starts_at", "-pk")
        .only(
            "organisation_id", "kind", "starts_at", "sequence", "changed_at", "created_at", "state"
        )
    )
    return [
        CalendarMeeting(
            pk=row.pk,
            organisation=row.organisation_id,
            name=row.get_kind_display(),
            starts_at=localtime(row.starts_at),
            sequence=row.sequence,
            changed_at=row.changed_at or row.created_at,
            is_cancelled=row.state == MeetingState.CANCELLED,
        )
        for row in reversed(rows[:most])
    ]


def due_members(meeting: Meeting) -> list[PartyMember]:
    """Return who has to come: everybody, the committee, or the group."""
    organisation = meeting.organisation
    if meeting.kind == MeetingKind.GROUP:
        members = organisation.group_members.present()
    else:
        members = organisation.members.present()
    if meeting.kind in OF_COMMITTEE:
        seats = organisation.posts.current().filter(role__in=COMMITTEE_ROLES)
        members = members.filter(pk__in=seats.values("member"))
    return list(members.select_related("user").order_by("name", "pk"))


def people_on(meeting: Meeting) -> list[voting.Person]:
    """Return what the arithmetic asks about each member on the roll."""
    return [
        voting.Person(
            is_full=standing == Standing.FULL,
            has_rights=rights == Rights.NORMAL,
            is_home=is_home,
            is_present=presence == Presence.PRESENT,
        )
        for standing, rights, is_home, presence in meeting.roll.values_list(
            "standing", "rights", "has_vote_here", "presence"
        )
    ]


def roll_of(meeting: Meeting) -> voting.Roll:
    """Return the roll in numbers."""
    return voting.count(people_on(meeting))


def standing_motions(meeting: Meeting) -> list[Motion]:
    """Return the motions that have not been set aside, in their order."""
    return list(meeting.motions.filter(voided_at=None).order_by("order"))


def missing_before_filing(meeting: Meeting) -> list[str]:
    """Return in words what a meeting that was held still needs before it can be filed."""
    missing = []
    if meeting.roll.filter(presence="").exists():
        missing.append("签到")
    if meeting.motions.filter(voided_at=None, voted_at=None).exists():
        missing.append("议题计票")
    if not meeting.chair or not meeting.recorder:
        missing.append("主持人和记录人")
    if not meeting.minutes:
        missing.append("会议记录")
    return missing


# ------------------------------------------------------------------ what the rules ask for


def with_groups(organisation: PartyOrganisation) -> list[int]:
    """Return the pks of the organisation and of its groups, read once per record."""
    own = getattr(organisation, "_with_groups", None)
    if own is None:
        groups = organisation.children.standing().filter(kind=OrganisationKind.GROUP)
        own = [organisation.pk, *groups.order_by("pk").values_list("pk", flat=True)]
        organisation._with_groups = own
    return own


def life_owed(organisation: PartyOrganisation, year: int, *, today: date) -> list[life.Owed]:
    """Return the meetings that the rules ask of a branch in ``year``, period by period.

    A year that is over keeps the rules of its last day.
    """
    book = rule_book(min(date(year, 12, 31), today), organisation)
    return life.owed_in(
        year,
        book,
        has_committee=organisation.has_committee,
        has_groups=len(with_groups(organisation)) > 1,
        since=organisation.founded_on,
    )


def life_held(organisation: PartyOrganisation, year: int) -> list[HeldMeeting]:
    """Return what the branch and its groups held in ``year``."""
    own = with_groups(organisation)
    return meetings_held(own, date(year, 1, 1), date(year, 12, 31))


def life_gaps(organisation: PartyOrganisation, year: int, *, today: date) -> list[life.Owed]:
    """Return the periods that are over and in which the meeting of the kind was not held."""
    held = [(each.kind, each.held_on) for each in life_held(organisation, year)]
    return life.missing(life_owed(organisation, year, today=today), held, today=today)


def life_table(organisation: PartyOrganisation, year: int, *, today: date) -> list[dict]:
    """Return the year as rows of a matrix: every cell says what it is and leads somewhere."""
    found: dict[str, list[HeldMeeting]] = defaultdict(list)
    for each in life_held(organisation, year):
        found[each.kind].append(each)
    rows = []
    for kind, periods in life.in_rows(life_owed(organisation, year, today=today)):
        cells = [_cell(kind, owed, found[kind], today) for owed in periods]
        rows.append({"kind": kind, "name": MeetingKind(kind).label, "cells": cells})
    return rows


def _cell(kind: str, owed: life.Owed, held: list[HeldMeeting], today: date) -> dict:
    inside = [each for each in held if owed.start <= each.held_on <= owed.end]
    filed = [each for each in inside if each.is_filed]
    if filed:
        state, words = "done", "已开展"
    elif inside:
        state, words = "part", "待归档"
    elif owed.is_over(today):
        state, words = "over", "没有记录"
    elif owed.start <= today:
        state, words = "plan", f"{owed.end.month}月{owed.end.day}日前"
    else:
        state, words = "todo", "未到期"
    return {
        "owed": owed,
        "meeting": (filed or inside or [None])[0],
        "count": len(inside),
        "state": state,
        "words": words,
        "span": owed.end.month - owed.start.month + 1,
    }


SAID = {
    "party.meeting_planned": "登记会议",
    "party.meeting_amended": "更正会议",
    "party.meeting_announced": "发出通知",
    "party.meeting_cancelled": "取消",
    "party.meeting_held": "登记召开，列出应到名单",
    "party.roll_taken": "登记签到",
    "party.motion_proposed": "提出议题",
    "party.votes_counted": "计票",
    "party.motion_voided": "作废一次计票",
    "party.minutes_written": "写会议记录",
    "party.paper_added": "上传材料",
    "party.meeting_closed": "归档",
    "party.meeting_reopened": "重新打开",
    "party.meeting_discarded": "作废",
}


def history_of(record, said: dict[str, str] = SAID) -> list[dict]:
    """Return who did what to the record, the latest first, in the words of the timeline."""
    events = AuditEvent.objects.filter(
        target_model=record._meta.label, target_id=str(record.pk)
    ).order_by("-happened_at", "-pk")
    return [
        {
            "who": event.actor_label,
            "what": _with_reason(said.get(event.act, event.act), event.detail),
            "at": event.happened_at,
        }
        for event in events[:50]
    ]


def _with_reason(words: str, detail: dict) -> str:
    return f"{words}：{detail['reason']}" if detail.get("reason") else words
