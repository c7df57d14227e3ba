"""Acts on the programme: load the duties, change a rule, make what each period owes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from activities import due_rules
from activities.deadlines import Obligor, Owed, obligations_of, periods_of
from activities.enums import AppliesIf, OwedBy, Rhythm, Shift, SourceStatus
from activities.models import Duty, Fulfilment, Obligation
from association import audit
from association.errors import BusinessRuleError
from association.models import CalendarDay
from party.enums import BRANCH_KINDS, OrganisationKind
from party.models import PartyOrganisation

ONE_DAY = timedelta(days=1)
# What stays the same in every version of a duty.
LASTING = ("code", "programme", "kind", "order", "owed_by", "meeting", "usually_also")


class RuleInForceError(BusinessRuleError):
    """The days of validity do not allow this change."""


class RuleNotChangedError(BusinessRuleError):
    """The new version says what the old one says."""


class NotOverError(BusinessRuleError):
    """Only a period that is over can have been missed."""


@dataclass(frozen=True)
class RuleText:
    """What a person may change in a rule."""

    name: str
    full_name: str
    rhythm: str
    due_rule: str
    source: str
    source_status: str = SourceStatus.UNVERIFIED
    shift: str = Shift.NONE
    grace: str = ""
    times: int = 1
    applies_if: str = AppliesIf.ALWAYS
    owner: str = ""
    evidence: list[str] = field(default_factory=list)
    agenda: list[str] = field(default_factory=list)
    lead_days: list[int] = field(default_factory=list)
    leads_in_workdays: bool = False
    suggested_bonus: str = ""
    merges_with: str = ""
    is_active: bool = True
    inactive_note: str = ""


RULE_FIELDS = tuple(entry.name for entry in fields(RuleText))


@transaction.atomic
def load_programme(document: Mapping, *, now: datetime) -> int:
    """Enter the duties of a document; rows already there are left as they are."""
    entered = 0
    known = set(Duty.objects.values_list("code", flat=True))
    for row in document["duties"]:
        due_rules.check(row["rhythm"], row["due_rule"])
        if row["code"] in known:
            continue
        duty = Duty.objects.create(**{"starts_on": document.get("starts_on")} | row)
        entered += 1
        audit.record("duty.loaded", by=None, target=duty, now=now, code=duty.code)
    return entered


@transaction.atomic
def change_rule(duty: Duty, text: RuleText, *, starts_on: date, by, now: datetime) -> Duty:
    """Give a duty a new version from ``starts_on`` on; periods before keep the old one.

    The day begins a period of the new rhythm and is not past, so that no period is torn.
    """
    old = Duty.objects.select_for_update().get(pk=duty.pk)
    if old.ends_on is not None:
        raise RuleInForceError("这一版规则已被新的代替，请到最新一版里改。")
    due_rules.check(text.rhythm, text.due_rule)
    if all(getattr(old, name) == getattr(text, name) for name in RULE_FIELDS):
        raise RuleNotChangedError("规则和现在的一样，没有要保存的改动。")
    _refuse_torn_periods(old, text.rhythm, starts_on, today=localdate(now))
    changed = [name for name in RULE_FIELDS if getattr(old, name) != getattr(text, name)]
    old.ends_on = starts_on - ONE_DAY
    old.save(update_fields=["ends_on"])
    new = Duty.objects.create(
        **{name: getattr(old, name) for name in LASTING},
        **{name: getattr(text, name) for name in RULE_FIELDS},
        starts_on=starts_on,
    )
    audit.record(
        "duty.changed",
        by=by,
        target=new,
        now=now,
        code=new.code,
        starts_on=starts_on.isoformat(),
        changed=changed,
    )
    for year in _years_with_obligations(since=starts_on.year):
        oblige(year, now=now, by=by)
    return new


@transaction.atomic
def drop_change(duty: Duty, *, by, now: datetime) -> Duty:
    """Take a version back that is not in force yet; the one before goes on."""
    coming = Duty.objects.select_for_update().get(pk=duty.pk)
    before = (
        Duty.objects.select_for_update()
        .filter(code=coming.code, ends_on=coming.starts_on - ONE_DAY)
        .first()
    )
    if coming.starts_on <= localdate(now) or before is None:
        raise RuleInForceError("这一版规则已经施行，不能撤回；要改请另立新的一版。")
    Obligation.objects.filter(duty=coming).update(duty=before)
    audit.record("duty.change_dropped", by=by, target=coming, now=now, code=coming.code)
    first_year = coming.starts_on.year
    coming.delete()
    before.ends_on = None
    before.save(update_fields=["ends_on"])
    for year in _years_with_obligations(since=first_year):
        oblige(year, now=now, by=by)
    return before


@transaction.atomic
def oblige(year: int, *, now: datetime, since: date | None = None, by=None) -> int:
    """Make what every duty in force owes in ``year``; return how many obligations are new.

    Safe to repeat, and what is linked stays linked. Periods that are over keep what they had;
    later ones follow the rules of today. Only periods that still count on ``since`` (today
    unless said otherwise) are added, so that nobody is asked for a time before they began.
    Where the working days of the year are unknown, the due days that need them stay empty and
    are filled in by a later run.
    """
    today = localdate(now)
    wanted = _wanted(year)
    rows = Obligation.objects.select_for_update().filter(period_start__year=year)
    there = {(row.code, row.organisation_id, row.period_start): row for row in rows}
    fresh, changed = [], []
    for key, (duty, owed) in wanted.items():
        row = there.get(key)
        if row is None and owed.counts_until >= (since or today):
            code, organisation, start = key
            row = Obligation(code=code, organisation_id=organisation, period_start=start)
            _follow(row, duty, owed)
            fresh.append(row)
        elif (
            row is not None
            and (row.counts_until >= today or row.due_on is None)
            and _follow(row, duty, owed)
        ):
            changed.append(row)
    gone = [row for key, row in there.items() if key not in wanted and row.counts_until >= today]
    Obligation.objects.bulk_create(fresh, ignore_conflicts=True)
    Obligation.objects.bulk_update(changed, FOLLOWING)
    _take_back(gone, now=now)
    return len(fresh)


# What an obligation has from its rule.
FOLLOWING = (
    "duty",
    "period_end",
    "due_on",
    "grace_until",
    "counts_from",
    "counts_until",
    "times",
    "withdrawn_at",
)


def _wanted(year: int) -> dict[tuple, tuple[Duty, Owed]]:
    """Return what the rules ask for, by duty, obligor and first day of the period."""
    by_rule = {duty.rule: duty for duty in Duty.objects.active()}
    calendar = CalendarDay.objects.calendar()
    return {
        (owed.code, key, owed.start): (by_rule[rule], owed)
        for key, rule, owed in obligations_of(year, by_rule, obligors(), calendar)
    }


def obligors() -> list[Obligor]:
    """Return who may owe duties: the association, branches and groups."""
    organisations = PartyOrganisation.objects.filter(
        kind__in=[*BRANCH_KINDS, OrganisationKind.GROUP]
    )
    return [
        Obligor(),
        *(
            Obligor(
                key=row.pk,
                kind=OwedBy.GROUP if row.kind == OrganisationKind.GROUP else OwedBy.BRANCH,
                has_committee=row.has_committee,
                since=row.founded_on,
                until=row.dissolved_on,
            )
            for row in organisations
        ),
    ]


def _follow(row: Obligation, duty: Duty, owed: Owed) -> bool:
    """Set what follows from the rule; return whether anything is different now."""
    new = {
        "duty": duty,
        "period_end": owed.end,
        "due_on": owed.due_on,
        "grace_until": owed.grace_until,
        "counts_from": owed.counts_from,
        "counts_until": owed.counts_until,
        "times": owed.times,
        "withdrawn_at": None,
    }
    is_different = row.duty_id != duty.pk or any(
        getattr(row, name) != value for name, value in new.items() if name != "duty"
    )
    for name, value in new.items():
        setattr(row, name, value)
    return is_different


def _take_back(rows: list[Obligation], *, now: datetime) -> None:
    """Drop obligations that the rules no longer ask for; what is linked moves or stays readable."""
    dropped = [row.pk for row in rows]
    links = Fulfilment.objects.filter(obligation__in=dropped).select_related(
        "activity", "obligation"
    )
    for link in links:
        day, row = link.activity.held_on, link.obligation
        other = (
            Obligation.objects.standing()
            .filter(code=row.code, organisation=row.organisation_id)
            .filter(counts_from__lte=day, counts_until__gte=day)
            .exclude(pk__in=dropped)
            .first()
        )
        if other is not None:
            Fulfilment.objects.filter(pk=link.pk).update(obligation=other)
    linked = Fulfilment.objects.filter(obligation__in=dropped).values("obligation")
    Obligation.objects.filter(pk__in=linked, withdrawn_at=None).update(withdrawn_at=now)
    Obligation.objects.filter(pk__in=dropped, explained_at=None).exclude(pk__in=linked).delete()


@transaction.atomic
def explain(obligation: Obligation, reason: str, *, by, now: datetime) -> Obligation:
    """Say why nothing was held in a period that is over; an empty reason takes it back."""
    row = Obligation.objects.select_for_update().get(pk=obligation.pk)
    last = row.last_day
    if last is None or last >= localdate(now):
        raise NotOverError("这项任务还没到最晚日期，到期后仍没开展再写说明。")
    row.explanation = reason.strip()
    row.explained_at, row.explained_by = (now, by) if row.explanation else (None, None)
    row.save(update_fields=["explanation", "explained_at", "explained_by"])
    audit.record("obligation.explained", by=by, target=row, now=now, reason=row.explanation)
    return row


def _refuse_torn_periods(old: Duty, rhythm: str, starts_on: date, *, today: date) -> None:
    if starts_on < today:
        raise RuleInForceError("过去的周期保留原来的规则，施行日不能早于今天。")
    if starts_on <= old.starts_on:
        raise RuleInForceError(
            f"现行规则从 {old.starts_on} 起施行，新规则要晚于这一天；还没施行的可以先撤回。"
        )
    if rhythm == Rhythm.RECORD or old.rhythm == Rhythm.RECORD:
        if rhythm != old.rhythm:
            raise RuleInForceError("按记录的任务不能改成按周期的，请另立一项。")
        return
    firsts = [start for start, _ in periods_of(starts_on.year, rhythm)]
    if starts_on not in firsts:
        coming = [day for day in firsts if day > starts_on]
        next_one = min(coming) if coming else date(starts_on.year + 1, 1, 1)
        raise RuleInForceError(
            f"{Rhythm(rhythm).label}的任务要从一个周期的第一天起施行，"
            f"最近的是 {next_one.year}年{next_one.month}月{next_one.day}日。"
        )


def _years_with_obligations(*, since: int) -> list[int]:
    years = Obligation.objects.filter(period_start__year__gte=since).dates("period_start", "year")
    return [day.year for day in years]
