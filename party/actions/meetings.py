"""Acts of 三会一课: planned, announced, held, roll, votes, minutes, filed; the counter-acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate, localtime

from association import audit, outbox
from association.errors import BusinessRuleError
from association.models import StoredFile
from party import queries, voting
from party.enums import ALSO_COUNTS_AS, Ballot, MeetingKind, MeetingState, Presence, Relation
from party.models import Meeting, MeetingPaper, Motion, PartyOrganisation, RollEntry
from party.workflow import MEETING

DECIDING = frozenset({MeetingKind.GENERAL, MeetingKind.COMMITTEE})


class MeetingFactsError(BusinessRuleError):
    """What was entered about the meeting does not fit together."""


class JointDecisionError(BusinessRuleError):
    """A joint meeting decides nothing for the branch."""


class RollError(BusinessRuleError):
    """The roll cannot be taken as it was entered."""


class VoteError(BusinessRuleError):
    """The count cannot be entered as it is."""


class NotReadyError(BusinessRuleError):
    """Something is still missing before the meeting can be filed."""


class ReasonMissingError(BusinessRuleError):
    """A counter-act says why."""


@dataclass(frozen=True)
class MeetingFacts:
    """What a person enters about a meeting."""

    kind: str
    title: str
    starts_at: datetime
    also: tuple[str, ...] = ()
    place: str = ""
    agenda: str = ""
    chair: str = ""
    recorder: str = ""
    guests: str = ""


@transaction.atomic
def plan(organisation: PartyOrganisation, facts: MeetingFacts, *, by, now: datetime) -> Meeting:
    """Enter a meeting that is to be held, or one that was held and not yet written down."""
    _check(organisation, facts)
    meeting = Meeting.objects.create(
        organisation=organisation,
        **_fields(facts),
        state=MEETING.initial,
        created_at=now,
        created_by=by,
    )
    audit.record(
        "party.meeting_planned", by=by, target=meeting, now=now, kind=facts.kind, also=facts.also
    )
    return meeting


@transaction.atomic
def amend(meeting: Meeting, facts: MeetingFacts, *, by, now: datetime) -> Meeting:
    """Correct what is on record, until the meeting is filed. An announced change is announced."""
    meeting = _locked(meeting)
    meeting.state = MEETING.after(meeting.state, "amend")
    _check(meeting.organisation, facts)
    if facts.kind != meeting.kind and meeting.roll.exists():
        raise MeetingFactsError("已经点过名，会议类型不能再改。登记错的，请作废后重新登记。")
    fields = _fields(facts)
    changed = [name for name, value in fields.items() if getattr(meeting, name) != value]
    for name, value in fields.items():
        setattr(meeting, name, value)
    meeting.changed_at = now
    meeting.sequence += bool({"kind", "starts_at", "place"} & set(changed))
    meeting.save(update_fields=[*fields, "changed_at", "sequence"])
    audit.record("party.meeting_amended", by=by, target=meeting, now=now, changed=changed)
    if meeting.state == MeetingState.ANNOUNCED and {"starts_at", "place"} & set(changed):
        _tell(meeting, "改了时间或地点", slot=f"moved-{now:%Y%m%d%H%M%S}", now=now)
    return meeting


@transaction.atomic
def announce(meeting: Meeting, *, by, now: datetime) -> int:
    """Tell those who are due and have a login; return how many were told."""
    meeting = _locked(meeting)
    meeting.state = MEETING.after(meeting.state, "announce")
    if meeting.starts_at <= now:
        raise MeetingFactsError("会议时间已经过了，不用再发通知，直接登记召开情况。")
    meeting.announced_at = now
    meeting.save(update_fields=["state", "announced_at"])
    told = _tell(meeting, "请准时参加", slot="announced", now=now)
    audit.record("party.meeting_announced", by=by, target=meeting, now=now, told=told)
    return told


@transaction.atomic
def cancel(meeting: Meeting, *, reason: str, by, now: datetime) -> Meeting:
    """Call off a meeting that has not been held."""
    meeting = _locked(meeting)
    was_announced = meeting.state == MeetingState.ANNOUNCED
    meeting.state = MEETING.after(meeting.state, "cancel")
    meeting.set_aside_reason = _said(reason, "请写明取消原因。")
    meeting.changed_at = now
    meeting.sequence += 1
    meeting.save(update_fields=["state", "set_aside_reason", "changed_at", "sequence"])
    audit.record("party.meeting_cancelled", by=by, target=meeting, now=now, reason=reason.strip())
    if was_announced:
        _tell(meeting, "已取消", slot="cancelled", now=now)
    return meeting


@transaction.atomic
def hold(meeting: Meeting, *, by, now: datetime) -> Meeting:
    """Open the roll: who is due is written down as of today's register.

    Standing and rights on the roll are those of this moment; later changes do not touch it.
    """
    meeting = _locked(meeting)
    meeting.state = MEETING.after(meeting.state, "hold")
    if localdate(meeting.starts_at) > localdate(now):
        raise MeetingFactsError("还没到会议这一天，到时再点名。")
    members = queries.due_members(meeting)
    if not members:
        raise MeetingFactsError(
            "名册里没有应到的党员。请先登记党员；支委会还要把支委的岗位和党员对上。"
        )
    meeting.save(update_fields=["state"])
    RollEntry.objects.bulk_create(
        RollEntry(
            meeting=meeting,
            member=member,
            standing=member.standing,
            rights=member.rights,
            has_vote_here=member.relation == Relation.HERE,
        )
        for member in members
    )
    audit.record("party.meeting_held", by=by, target=meeting, now=now, due=len(members))
    return meeting


@transaction.atomic
def take_roll(
    meeting: Meeting, presence: Mapping[int, tuple[str, str]], *, by, now: datetime
) -> voting.Roll:
    """Write down who came: pk of the roll entry → presence and reason. Safe to repeat.

    The votes were counted on the roll as it was, so that it stays once there are any.
    """
    meeting = _open(meeting)
    if meeting.motions.filter(voted_at__isnull=False, voided_at=None).exists():
        raise RollError("已经有表决结果，名单不能再改。确实记错的，先把表决作废，再更正签到。")
    entries = {entry.pk: entry for entry in meeting.roll.select_related("member")}
    if set(presence) - set(entries):
        raise RollError("名单里有的人已经不在，请刷新后再登记。")
    for pk, (state, reason) in presence.items():
        entry = entries[pk]
        if state not in Presence.values:
            raise RollError(f"请给{entry.member}选到会、请假或缺席。")
        if state == Presence.EXCUSED and not reason.strip():
            raise RollError(f"{entry.member}请假，请写明原因。")
        entry.presence = state
        entry.reason = "" if state == Presence.PRESENT else reason.strip()
    RollEntry.objects.bulk_update(entries.values(), ["presence", "reason"])
    roll = queries.roll_of(meeting)
    audit.record(
        "party.roll_taken", by=by, target=meeting, now=now, due=roll.due, present=roll.present
    )
    return roll


# ------------------------------------------------------------------ votes


@transaction.atomic
def propose(
    meeting: Meeting, *, title: str, ballot: str = Ballot.SHOW_OF_HANDS, by, now: datetime
) -> Motion:
    """Put a matter on the list of what is voted on."""
    meeting = _locked(meeting)
    if meeting.kind == MeetingKind.JOINT:
        raise JointDecisionError(
            "党政联席会不能作党组织决议。请另开支部委员会或党员大会，在那里表决。"
        )
    if meeting.kind not in DECIDING:
        raise JointDecisionError(
            f"{meeting.get_kind_display()}不作表决。要作决议，请登记支部委员会或党员大会。"
        )
    MEETING.after(meeting.state, "amend")
    last = meeting.motions.order_by("-order").values_list("order", flat=True).first() or 0
    motion = Motion.objects.create(meeting=meeting, order=last + 1, title=title, ballot=ballot)
    audit.record("party.motion_proposed", by=by, target=meeting, now=now, motion=motion.pk)
    return motion


@transaction.atomic
def count_votes(
    motion: Motion,
    *,
    votes_for: int,
    against: int,
    abstentions: int,
    decided: bool | None = None,
    by,
    now: datetime,
) -> Motion:
    """Enter the tally of a vote; whether it passed the rules say, not the person.

    ``decided`` is asked for only where the rules name no majority (支委会): then the minutes say
    what was decided, and the basis says that they did.
    """
    meeting = _open(motion.meeting)
    motion = Motion.objects.select_for_update(of=("self",)).get(pk=motion.pk)
    if motion.voided_at is not None or motion.voted_at is not None:
        raise VoteError("这项议题已经计票。记错的，先作废再重新提出。")
    if meeting.roll.filter(presence="").exists():
        raise VoteError("还有人没有登记到会情况，请先点完名再计票。")
    roll = queries.roll_of(meeting)
    rule = queries.rule_book(localdate(meeting.starts_at), meeting.organisation).vote(meeting.kind)
    basis = {
        "due": roll.due,
        "present": roll.present,
        "voters_due": roll.voters_due,
        "voters_present": roll.voters_present,
    }
    if rule.majority is None:
        motion.is_passed, more = _by_minutes(rule, roll, votes_for, against, abstentions, decided)
    else:
        try:
            found = voting.outcome(
                rule, roll, votes_for=votes_for, against=against, abstentions=abstentions
            )
        except voting.TallyError as error:
            raise VoteError(str(error)) from None
        motion.is_passed = found.is_passed
        more = {
            "verdict": found.verdict.value,
            "needed": found.needed,
            "of": found.of,
            "short": found.short,
            "quorum_needed": found.quorum.needed,
            "quorum_of": found.quorum.of,
        }
    motion.basis = basis | more
    motion.votes_for, motion.votes_against, motion.abstentions = votes_for, against, abstentions
    motion.voted_at, motion.voted_by = now, by
    motion.save()
    audit.record(
        "party.votes_counted",
        by=by,
        target=meeting,
        now=now,
        motion=motion.pk,
        tally=[votes_for, against, abstentions],
        passed=motion.is_passed,
    )
    return motion


def _by_minutes(rule, roll, votes_for, against, abstentions, decided) -> tuple[bool, dict]:
    enough = voting.quorum(rule, roll)
    if votes_for + against + abstentions > roll.voters_present:
        raise VoteError("票数合计多于到会委员人数，请重新清点。")
    if decided is None:
        raise VoteError("规则没有规定支委会的通过比例，请照会议记录选“通过”或“未通过”。")
    verdict = "by_minutes" if enough.is_met else voting.Verdict.NO_QUORUM.value
    return decided and enough.is_met, {
        "verdict": verdict,
        "quorum_needed": enough.needed,
        "quorum_of": enough.of,
    }


@transaction.atomic
def void_motion(motion: Motion, *, reason: str, by, now: datetime) -> Motion:
    """Set a mistaken count aside; it stays readable, and the matter can be put again."""
    meeting = _open(motion.meeting)
    motion = Motion.objects.select_for_update(of=("self",)).get(pk=motion.pk)
    if motion.voided_at is not None:
        raise VoteError("这项已经作废。")
    motion.voided_at, motion.voided_by = now, by
    motion.voided_reason = _said(reason, "请写明作废原因。")
    motion.save(update_fields=["voided_at", "voided_by", "voided_reason"])
    audit.record(
        "party.motion_voided", by=by, target=meeting, now=now, motion=motion.pk, reason=reason
    )
    return motion


# ------------------------------------------------------------------ minutes and filing


@transaction.atomic
def write_minutes(meeting: Meeting, text: str, *, by, now: datetime) -> Meeting:
    """Keep the minutes; they may be written in several sittings until the meeting is filed."""
    meeting = _open(meeting)
    meeting.minutes = text.strip()
    meeting.save(update_fields=["minutes"])
    audit.record("party.minutes_written", by=by, target=meeting, now=now, length=len(text.strip()))
    return meeting


@transaction.atomic
def attach(meeting: Meeting, stored: StoredFile, *, kind: str, by, now: datetime) -> MeetingPaper:
    """Add a signed sheet, material or a photo; possible for a filed meeting too."""
    meeting = _locked(meeting)
    if not MEETING.acts_from(meeting.state):
        raise NotReadyError(f"会议{meeting.get_state_display()}，不能再传材料。")
    paper = MeetingPaper.objects.create(
        meeting=meeting, stored=stored, kind=kind, added_at=now, added_by=by
    )
    audit.record("party.paper_added", by=by, target=meeting, now=now, sha256=stored.sha256)
    return paper


@transaction.atomic
def close(meeting: Meeting, *, by, now: datetime) -> Meeting:
    """File the meeting: roll complete, every vote counted, minutes written."""
    meeting = _locked(meeting)
    meeting.state = MEETING.after(meeting.state, "close")
    if missing := queries.missing_before_filing(meeting):
        raise NotReadyError(f"归档前还缺：{'、'.join(missing)}。")
    meeting.closed_at, meeting.closed_by = now, by
    meeting.save(update_fields=["state", "closed_at", "closed_by"])
    audit.record("party.meeting_closed", by=by, target=meeting, now=now)
    return meeting


@transaction.atomic
def reopen(meeting: Meeting, *, reason: str, by, now: datetime) -> Meeting:
    """Take a filing back, with a reason, to correct the record."""
    meeting = _locked(meeting)
    meeting.state = MEETING.after(meeting.state, "reopen")
    reason = _said(reason, "请写明为什么重新打开。")
    meeting.closed_at = meeting.closed_by = None
    meeting.save(update_fields=["state", "closed_at", "closed_by"])
    audit.record("party.meeting_reopened", by=by, target=meeting, now=now, reason=reason)
    return meeting


@transaction.atomic
def discard(meeting: Meeting, *, reason: str, by, now: datetime) -> Meeting:
    """Set a mistaken record aside; it stays readable and counts for nothing."""
    meeting = _locked(meeting)
    meeting.state = MEETING.after(meeting.state, "discard")
    meeting.set_aside_reason = _said(reason, "请写明作废原因。")
    meeting.closed_at = meeting.closed_by = None
    meeting.save(update_fields=["state", "set_aside_reason", "closed_at", "closed_by"])
    audit.record(
        "party.meeting_discarded", by=by, target=meeting, now=now, reason=meeting.set_aside_reason
    )
    return meeting


# ------------------------------------------------------------------ what the acts share


def _fields(facts: MeetingFacts) -> dict:
    names = (
        "kind", "title", "starts_at", "place", "agenda", "chair", "recorder", "guests"
    )  # fmt: skip
    return {name: getattr(facts, name) for name in names} | {"also": list(facts.also)}


def _check(organisation: PartyOrganisation, facts: MeetingFacts) -> None:
    if organisation.dissolved_on is not None:
        raise MeetingFactsError(f"“{organisation}”已经撤销，不能再登记会议。")
    is_group = organisation.kind == "group"
    if is_group and facts.kind != MeetingKind.GROUP:
        raise MeetingFactsError("党小组只开党小组会，其他会议请登记在支部。")
    if not is_group and facts.kind == MeetingKind.GROUP:
        raise MeetingFactsError("党小组会请登记在党小组名下。")
    if facts.kind == MeetingKind.COMMITTEE and not organisation.has_committee:
        raise MeetingFactsError(f"“{organisation}”不设支部委员会，有关事项由党员大会讨论。")
    if wrong := set(facts.also) - set(ALSO_COUNTS_AS[facts.kind]):
        labels = "、".join(MeetingKind(kind).label for kind in sorted(wrong))
        raise MeetingFactsError(
            f"{MeetingKind(facts.kind).label}不能同时计作{labels}，请分别登记。"
        )


def _tell(meeting: Meeting, words: str, *, slot: str, now: datetime) -> int:
    """Post a message to those due who have a login; it names no Party matter in its subject."""
    users = [
        member.user
        for member in queries.due_members(meeting)
        if member.user is not None and member.user.is_active
    ]
    moment = localtime(meeting.starts_at)
    return outbox.post(
        f"party:meeting:{meeting.pk}:{slot}",
        to=users,
        subject=f"{moment.month}月{moment.day}日的会议{words}",
        body=(
            f"{meeting.title}，{moment.month}月{moment.day}日 {moment:%H:%M}，"
            f"{meeting.place or '地点另行通知'}。"
        ),
        link="/party/mine/",
        about=meeting.organisation,
        now=now,
    )


def _said(reason: str, ask: str) -> str:
    if not reason.strip():
        raise ReasonMissingError(ask)
    return reason.strip()[:200]


def _locked(meeting: Meeting) -> Meeting:
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("organisation")
    return rows.get(pk=meeting.pk)


def _open(meeting: Meeting) -> Meeting:
    """Return the meeting under a lock when it is held and not yet filed."""
    meeting = _locked(meeting)
    if meeting.state == MeetingState.CLOSED:
        raise NotReadyError("会议已经归档。要更正，请先写明原因重新打开。")
    if meeting.state != MeetingState.HELD:
        raise NotReadyError(f"会议{meeting.get_state_display()}，先登记召开再继续。")
    return meeting
