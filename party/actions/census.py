"""Acts of a census (亮身份): opened, reported by the person, settled by the secretary."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from accounts import phone as phones
from association import audit, encryption
from association.errors import BusinessRuleError
from party.actions import members
from party.enums import ConsentWay, Relation
from party.models import PHONE, Census, CensusEntry, ConsentText, PartyMember, PartyOrganisation
from party.workflow import CENSUS_ENTRY

# So many reports may wait at once; more are no census but a script.
WAITING_AT_MOST = 500


class CensusClosedError(BusinessRuleError):
    """The code was scanned before the first or after the last day."""


class CensusFullError(BusinessRuleError):
    """Too many reports wait to be settled."""


class ReportError(BusinessRuleError):
    """What the person entered cannot be taken."""


class SettlingError(BusinessRuleError):
    """The entry cannot be settled in this way."""


@dataclass(frozen=True)
class Report:
    """What a person says about themselves on the public form."""

    name: str
    workplace: str
    standing: str
    phone: str
    relation_here: bool | None = None
    home_organisation: str = ""
    agrees: bool = False


@transaction.atomic
def open_census(
    organisation: PartyOrganisation,
    *,
    title: str,
    text: ConsentText,
    starts_on: date,
    ends_on: date,
    by,
    now: datetime,
) -> Census:
    """Begin a census; its code may be printed from now on and works from the first day."""
    if ends_on < starts_on:
        raise ReportError("结束日期不能早于开始日期。")
    census = Census.objects.create(
        organisation=organisation,
        title=title,
        text=text,
        code=secrets.token_urlsafe(12),
        starts_on=starts_on,
        ends_on=ends_on,
        opened_at=now,
        opened_by=by,
    )
    audit.record("party.census_opened", by=by, target=census, now=now)
    return census


@transaction.atomic
def renew_code(census: Census, *, by, now: datetime) -> Census:
    """Make printed codes worthless, for example after one has wandered off."""
    census = _locked(census)
    census.code = secrets.token_urlsafe(12)
    census.save(update_fields=["code"])
    audit.record("party.census_code_renewed", by=by, target=census, now=now)
    return census


@transaction.atomic
def close_census(census: Census, *, by, now: datetime) -> Census:
    """End a census; what waits can still be settled."""
    census = _locked(census)
    if census.closed_at is not None:
        raise CensusClosedError("登记已经结束。")
    census.closed_at = now
    census.save(update_fields=["closed_at"])
    audit.record("party.census_closed", by=by, target=census, now=now)
    return census


@transaction.atomic
def report(census: Census, said: Report, *, now: datetime) -> CensusEntry:
    """Take what a person reports about themselves; a second report replaces the first."""
    census = _locked(census)
    today = localdate(now)
    if census.closed_at is not None or today > census.ends_on:
        raise CensusClosedError("登记已经结束。要登记请直接联系党支部。")
    if today < census.starts_on:
        raise CensusClosedError(f"登记从 {census.starts_on} 开始，到时再扫码。")
    if not said.agrees:
        raise ReportError("要先同意上面的说明，才能登记。")
    mobile = phones.normalise(said.phone)
    if mobile is None:
        raise ReportError("手机号要写 11 位号码，例如 13800000000。")
    waiting = census.entries.filter(state=CENSUS_ENTRY.initial)
    indexes = encryption.blind_indexes(mobile, PHONE)
    entry = waiting.filter(name=said.name, phone_index__in=indexes).first()
    if entry is None:
        if waiting.count() >= WAITING_AT_MOST:
            raise CensusFullError("现在登记的人太多，请过几天再试，或直接联系党支部。")
        entry = CensusEntry(census=census, name=said.name)
    entry.workplace, entry.standing = said.workplace, said.standing
    entry.relation_here, entry.home_organisation = said.relation_here, said.home_organisation
    entry.phone, entry.phone_index = mobile, indexes[0]
    entry.sent_at = now
    entry.save()
    audit.record("party.census_reported", by=None, target=census, now=now)
    return entry


@transaction.atomic
def match(entry: CensusEntry, member: PartyMember, *, by, now: datetime) -> CensusEntry:
    """Say that the person is this member; their consent and phone go to the member's record."""
    entry = _locked_entry(entry)
    entry.state = CENSUS_ENTRY.after(entry.state, "match")
    if member.organisation_id not in _organisations_of(entry):
        raise SettlingError("这名党员不在本次登记的党组织里，请重新选择。")
    _settle(entry, member=member, note="", by=by, now=now)
    _hand_over(entry, member, by=by, now=now)
    audit.record("party.census_matched", by=by, target=entry.census, now=now, member=str(member.pk))
    return entry


@transaction.atomic
def add(entry: CensusEntry, organisation: PartyOrganisation, *, by, now: datetime) -> CensusEntry:
    """Enroll the person as a new member of a branch."""
    entry = _locked_entry(entry)
    entry.state = CENSUS_ENTRY.after(entry.state, "add")
    if organisation.pk not in _organisations_of(entry):
        raise SettlingError("请选择本次登记范围里的党支部。")
    elsewhere = entry.relation_here is not True
    facts = members.MemberFacts(
        name=entry.name,
        standing=entry.standing,
        relation=Relation.ELSEWHERE if elsewhere else Relation.HERE,
        home_organisation=(entry.home_organisation or "待核实") if elsewhere else "",
    )
    member = members.enroll(organisation, facts, by=by, now=now)
    _settle(entry, member=member, note="", by=by, now=now)
    _hand_over(entry, member, by=by, now=now)
    audit.record("party.census_added", by=by, target=entry.census, now=now, member=str(member.pk))
    return entry


@transaction.atomic
def dismiss(entry: CensusEntry, *, reason: str, by, now: datetime) -> CensusEntry:
    """Say that the person does not belong here; the phone is erased at once."""
    entry = _locked_entry(entry)
    entry.state = CENSUS_ENTRY.after(entry.state, "dismiss")
    if not reason.strip():
        raise SettlingError("请写明为什么不属于本组织，例如“在外省工作，已请其联系当地”。")
    entry.phone, entry.phone_index = None, ""
    _settle(entry, member=None, note=reason.strip(), by=by, now=now)
    audit.record("party.census_dismissed", by=by, target=entry.census, now=now, reason=entry.note)
    return entry


@transaction.atomic
def unsettle(entry: CensusEntry, *, reason: str, by, now: datetime) -> CensusEntry:
    """Take a mistaken settling back; the entry waits again.

    What a wrong match has given to the member's record is corrected there.
    """
    entry = _locked_entry(entry)
    entry.state = CENSUS_ENTRY.after(entry.state, "unsettle")
    if not reason.strip():
        raise SettlingError("请写明为什么重新核对。")
    entry.member = entry.settled_at = entry.settled_by = None
    entry.note = reason.strip()
    entry.save()
    audit.record("party.census_unsettled", by=by, target=entry.census, now=now, reason=entry.note)
    return entry


# ------------------------------------------------------------------ what the acts share


def _settle(entry: CensusEntry, *, member, note: str, by, now: datetime) -> None:
    entry.member, entry.note = member, note
    entry.settled_at, entry.settled_by = now, by
    entry.save()


def _hand_over(entry: CensusEntry, member: PartyMember, *, by, now: datetime) -> None:
    """Give consent and phone to the member's record, where it has none of its own."""
    member.refresh_from_db()
    if member.consent_id is None:
        members.give_consent(
            member,
            entry.census.text,
            way=ConsentWay.CENSUS,
            given_on=localdate(entry.sent_at),
            by=by,
            now=now,
        )
    if not member.phone_index and entry.phone_index:
        members.keep_numbers(member, phone=entry.phone, by=by, now=now)


def _organisations_of(entry: CensusEntry) -> set[int]:
    roots = [entry.census.organisation_id]
    return set(PartyOrganisation.objects.below(roots).values_list("pk", flat=True))


def _locked(census: Census) -> Census:
    return Census.objects.select_for_update(of=("self",)).get(pk=census.pk)


def _locked_entry(entry: CensusEntry) -> CensusEntry:
    rows = CensusEntry.objects.select_for_update(of=("self",))
    return rows.select_related("census__text").get(pk=entry.pk)
