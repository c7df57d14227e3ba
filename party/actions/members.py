"""Acts about Party members: enrolled, corrected, consent, sealed numbers, a look, leaving."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from accounts import phone as phones
from association import audit, encryption, outbox, read_log
from association.errors import BusinessRuleError
from association.models import StoredFile
from members.models import MemberUnit
from party import id_number as id_numbers
from party import queries
from party.enums import BRANCH_KINDS, ConsentWay, OfficialSystem, Relation, Rights, Standing
from party.models import (
    ID_NUMBER,
    PHONE,
    Consent,
    ConsentText,
    PartyMember,
    PartyOrganisation,
)

# More looks than these within an hour are told to the other keepers.
MANY_LOOKS, LOOKS_WITHIN = 20, timedelta(hours=1)
MOST_EXPORTED = 2000
EXPORTED = "名册（导出表格，号码只有头尾）"


class MemberFactsError(BusinessRuleError):
    """What was entered about a member does not fit together."""


class ConsentMissingError(BusinessRuleError):
    """ID number and phone are kept only while the person agrees."""


class ConsentGivenError(BusinessRuleError):
    """There is a consent in force already."""


class NumberTakenError(BusinessRuleError):
    """The ID number belongs to another member."""


class NothingToSeeError(BusinessRuleError):
    """There is no number on record."""


class AlreadyLeftError(BusinessRuleError):
    """The member has left, or has not."""


class LoginTakenError(BusinessRuleError):
    """The login belongs to another member's record."""


@dataclass(frozen=True)
class MemberFacts:
    """What a person enters about a member; numbers and consent have acts of their own."""

    name: str
    standing: str = Standing.FULL
    rights: str = Rights.NORMAL
    relation: str = Relation.HERE
    home_organisation: str = ""
    group: PartyOrganisation | None = None
    joined_on: date | None = None
    full_on: date | None = None
    probation_ends_on: date | None = None
    is_floating: bool = False
    floating_since: date | None = None
    floating_to: str = ""
    official_system: str = OfficialSystem.UNKNOWN
    unit: MemberUnit | None = None
    job: str = ""
    is_executive: bool = False


@transaction.atomic
def enroll(
    organisation: PartyOrganisation, facts: MemberFacts, *, by, now: datetime
) -> PartyMember:
    """Put a member on the register of a branch."""
    _check(organisation, facts)
    member = PartyMember.objects.create(
        organisation=organisation, **_values(facts), created_at=now, created_by=by
    )
    audit.record(
        "party.member_enrolled", by=by, target=member, now=now, organisation=organisation.pk
    )
    return member


@transaction.atomic
def change(member: PartyMember, facts: MemberFacts, *, by, now: datetime) -> PartyMember:
    """Correct or carry on what is on record; the audit line names the fields."""
    member = _locked(member)
    _check(member.organisation, facts)
    values = _values(facts)
    changed = [name for name, value in values.items() if getattr(member, name) != value]
    for name, value in values.items():
        setattr(member, name, value)
    try:
        with transaction.atomic():
            member.save(update_fields=list(values))
    except IntegrityError:
        raise NumberTakenError("这个身份证号的组织关系已登记在另一个党组织，请先核对。") from None
    audit.record("party.member_changed", by=by, target=member, now=now, changed=changed)
    return member


# ------------------------------------------------------------------ consent


@transaction.atomic
def give_consent(
    member: PartyMember,
    text: ConsentText,
    *,
    way: str,
    given_on: date,
    by,
    now: datetime,
    paper: StoredFile | None = None,
) -> Consent:
    """Put on record that the person agreed to this text, and how."""
    member = _locked(member)
    if member.consent_id is not None:
        raise ConsentGivenError("已有有效的同意。内容有变化时，先登记撤回，再登记新的。")
    if way == ConsentWay.PAPER and paper is None:
        raise ConsentMissingError("请上传本人签字的同意书。")
    if given_on > localdate(now):
        raise ConsentMissingError("同意日期不能晚于今天。")
    given_at = now if given_on == localdate(now) else _noon(given_on, now)
    consent = Consent.objects.create(
        member=member,
        text=text,
        way=way,
        paper=paper,
        given_at=given_at,
        recorded_at=now,
        recorded_by=by,
    )
    member.consent = consent
    member.save(update_fields=["consent"])
    audit.record(
        "party.consent_given", by=by, target=member, now=now, version=text.version, way=way
    )
    return consent


@transaction.atomic
def withdraw_consent(member: PartyMember, *, reason: str, by, now: datetime) -> PartyMember:
    """Take a consent back: the sealed numbers are erased with it, the membership stays."""
    member = _locked(member)
    if member.consent_id is None:
        raise ConsentMissingError("现在没有有效的同意，不用撤回。")
    consent = member.consent
    consent.withdrawn_at, consent.withdrawn_by = now, by
    consent.withdrawn_reason = reason.strip()
    consent.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    had = [name for name in ("id_number", "phone") if getattr(member, f"{name}_index")]
    member.consent = None
    _erase_numbers(member)
    member.save(update_fields=["consent", "id_number", "id_number_index", "phone", "phone_index"])
    audit.record("party.consent_withdrawn", by=by, target=member, now=now, erased=had)
    return member


@transaction.atomic
def keep_numbers(
    member: PartyMember, *, id_number: str = "", phone: str = "", by, now: datetime
) -> PartyMember:
    """Seal ID number and phone; an empty one leaves what is there. Needs a consent in force."""
    member = _locked(member)
    if member.consent_id is None:
        raise ConsentMissingError("先登记本人的单独同意，再录入身份证号和手机号。")
    kept = []
    if id_number.strip():
        number = id_numbers.normalise(id_number)
        if problem := id_numbers.problem_with(number):
            raise MemberFactsError(problem)
        member.id_number = number
        member.id_number_index = encryption.blind_index(number, ID_NUMBER)
        kept.append("id_number")
    if phone.strip():
        mobile = phones.normalise(phone)
        if mobile is None:
            raise MemberFactsError("手机号要写 11 位号码，例如 13800000000。")
        member.phone, member.phone_index = mobile, encryption.blind_index(mobile, PHONE)
        kept.append("phone")
    if not kept:
        raise MemberFactsError("请填写身份证号或手机号。")
    try:
        with transaction.atomic():
            member.save(update_fields=[*kept, *(f"{name}_index" for name in kept)])
    except IntegrityError:
        raise NumberTakenError(
            "这个身份证号已登记在另一名党员名下。请核对是否重复登记，或组织关系已在别处。"
        ) from None
    audit.record("party.numbers_kept", by=by, target=member, now=now, kept=kept)
    return member


SEEN = {"id_number": "身份证号", "phone": "手机号"}


@transaction.atomic
def reveal(member: PartyMember, which: str, *, reason: str, by, now: datetime) -> str:
    """Return the whole number, having written down who looks and why.

    The person concerned reads that line. Unusually many looks are told to the other keepers.
    """
    member = _locked(member)
    if not getattr(member, f"{which}_index"):
        raise NothingToSeeError(f"没有登记{SEEN[which]}。")
    read_log.record(by=by, target=member, what=SEEN[which], reason=reason, now=now)
    if read_log.count_by(by, now=now, within=LOOKS_WITHIN) == MANY_LOOKS + 1:
        _tell_of_many_looks(member, by=by, now=now)
    return getattr(member, which)


@transaction.atomic
def export_register(
    members: Collection[PartyMember], *, reason: str, by, now: datetime
) -> list[PartyMember]:
    """Let the register leave as a sheet, having written one line for each person in it.

    Numbers stay masked in the sheet; the person concerned reads who took it and why.
    """
    rows = list(members)
    if not rows:
        raise NothingToSeeError("这一栏没有党员，没有要导出的。")
    if len(rows) > MOST_EXPORTED:
        raise NothingToSeeError(f"一次最多导出 {MOST_EXPORTED} 名，请先用党组织筛选。")
    before = read_log.count_by(by, now=now, within=LOOKS_WITHIN)
    for member in rows:
        read_log.record(by=by, target=member, what=EXPORTED, reason=reason, now=now)
    if before <= MANY_LOOKS < before + len(rows):
        _tell_of_many_looks(rows[0], by=by, now=now)
    audit.record("party.exported", by=by, target=rows[0].organisation, now=now, rows=len(rows))
    return rows


def _tell_of_many_looks(member: PartyMember, *, by, now: datetime) -> None:
    audit.record("party.many_looks", by=by, target=member, now=now, within="1h", count=MANY_LOOKS)
    others = [user for user in queries.keepers_of(member.organisation) if user.pk != by.pk]
    outbox.post(
        f"party:many-looks:{by.pk}:{now:%Y%m%d%H}",
        to=others,
        subject="有人在一小时内多次查看加密信息",
        body=(
            f"{by}在一小时内查看了 {MANY_LOOKS} 次以上的证件号码或手机号。"
            "如不是工作需要，请到“组织与岗位”停用这个登录。"
        ),
        link="/party/",
        about=member.organisation,
        now=now,
    )


# ------------------------------------------------------------------ login and leaving


@transaction.atomic
def link_login(member: PartyMember, user, *, by, now: datetime) -> PartyMember:
    """Let the person read the own record with their login; no role comes with it."""
    member = _locked(member)
    if user is not None:
        taken = PartyMember.objects.filter(user=user).exclude(pk=member.pk).first()
        if taken is not None:
            raise LoginTakenError(f"账号“{user.username}”已关联另一名党员，请核对。")
    member.user = user
    member.save(update_fields=["user"])
    audit.record(
        "party.login_linked", by=by, target=member, now=now, login=user.username if user else ""
    )
    return member


@transaction.atomic
def leave(member: PartyMember, *, left_on: date, reason: str, by, now: datetime) -> PartyMember:
    """Enter that a member has left; the sealed numbers are erased, the name stays on record.

    Whether somebody is still a Party member is never decided here.
    """
    member = _locked(member)
    if member.left_on is not None:
        raise AlreadyLeftError(f"已登记 {member.left_on} 离开。")
    if not reason.strip():
        raise MemberFactsError("请写明离开原因，例如“组织关系转出”。")
    if left_on > localdate(now):
        raise MemberFactsError("离开日期不能晚于今天，请到那一天再登记。")
    if posts := list(member.posts.filter(ends_on=None)):
        names = "、".join(post.get_role_display() for post in posts)
        raise MemberFactsError(f"还担任{names}，请先办理免职。")
    member.left_on, member.left_reason = left_on, reason.strip()
    _erase_numbers(member)
    member.save(
        update_fields=[
            "left_on",
            "left_reason",
            "id_number",
            "id_number_index",
            "phone",
            "phone_index",
        ]
    )
    audit.record("party.member_left", by=by, target=member, now=now, reason=member.left_reason)
    return member


@transaction.atomic
def take_back(member: PartyMember, *, reason: str, by, now: datetime) -> PartyMember:
    """Undo a mistaken leaving; numbers have to be entered anew."""
    member = _locked(member)
    if member.left_on is None:
        raise AlreadyLeftError("这名党员没有登记离开。")
    if not reason.strip():
        raise MemberFactsError("请写明为什么恢复登记。")
    member.left_on, member.left_reason = None, ""
    member.save(update_fields=["left_on", "left_reason"])
    audit.record("party.member_taken_back", by=by, target=member, now=now, reason=reason.strip())
    return member


@transaction.atomic
def load_consent_texts(document: Mapping, *, now: datetime) -> int:
    """Enter the versions of the consent text that are missing."""
    entered = 0
    for row in document["texts"]:
        body = row["body"].strip()
        text, is_new = ConsentText.objects.get_or_create(
            version=row["version"],
            defaults={
                "title": row["title"],
                "body": body,
                "sha256": hashlib.sha256(body.encode()).hexdigest(),
                "starts_on": row["starts_on"],
            },
        )
        if is_new:
            entered += 1
            audit.record("party.consent_text_loaded", by=None, target=text, now=now)
    return entered


# ------------------------------------------------------------------ what the acts share


def _values(facts: MemberFacts) -> dict:
    return {field.name: getattr(facts, field.name) for field in fields(facts)}


def _check(organisation: PartyOrganisation, facts: MemberFacts) -> None:
    if organisation.dissolved_on is not None:
        raise MemberFactsError(f"“{organisation}”已经撤销，不能登记党员。")
    if organisation.kind not in BRANCH_KINDS:
        raise MemberFactsError("党员登记在党支部或联合党支部，请选择支部。")
    if facts.group is not None and facts.group.parent_id != organisation.pk:
        raise MemberFactsError(f"“{facts.group}”不是“{organisation}”的党小组。")
    if facts.relation == Relation.ELSEWHERE and not facts.home_organisation.strip():
        raise MemberFactsError("组织关系在别处的，请写明在哪个党组织。")
    if facts.relation == Relation.HERE and facts.home_organisation:
        raise MemberFactsError("组织关系在本支部的，不用填写别处的党组织。")
    if facts.standing == Standing.PROBATIONARY and facts.full_on is not None:
        raise MemberFactsError("预备党员还没有转正日期，请核对党员类别。")
    if facts.joined_on and facts.full_on and facts.full_on < facts.joined_on:
        raise MemberFactsError("转正日期不能早于入党日期。")
    if not facts.is_floating and (facts.floating_since or facts.floating_to):
        raise MemberFactsError("填了流出日期或流入地的，请勾选流动党员。")


def _erase_numbers(member: PartyMember) -> None:
    member.id_number = member.phone = None
    member.id_number_index = member.phone_index = ""
    member.census_entries.update(phone=None, phone_index="")


def _locked(member: PartyMember) -> PartyMember:
    rows = PartyMember.objects.select_for_update(of=("self",))
    return rows.select_related("organisation", "consent").get(pk=member.pk)


def _noon(day: date, now: datetime) -> datetime:
    """Return noon of an earlier day: the paper names the day only."""
    return now.replace(year=day.year, month=day.month, day=day.day, hour=4, minute=0, second=0)
