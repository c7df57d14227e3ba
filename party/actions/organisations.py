"""Acts on the tree: founding, moving, terms, covered companies, posts, local rules."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate

from association import audit
from association.errors import BusinessRuleError
from members.models import MemberUnit
from party import queries, structure
from party.enums import (
    ASSOCIATION_ROLES,
    KEEPER_ROLES,
    SINGLE_ROLES,
    OrganisationKind,
    PostRole,
    RuleStatus,
)
from party.models import CoveredUnit, PartyOrganisation, PartyRule, Post


class WrongParentError(BusinessRuleError):
    """An organisation of this kind does not stand there."""


class NameTakenError(BusinessRuleError):
    """The same superior has an organisation of this name already."""


class DaysOutOfOrderError(BusinessRuleError):
    """A day lies where it cannot."""


class DocumentMissingError(BusinessRuleError):
    """What the superior has to approve names the paper."""


class NotEmptyError(BusinessRuleError):
    """Members, posts or organisations below are still there."""


class SeatTakenError(BusinessRuleError):
    """The post has one seat and somebody sits on it."""


class WrongPlaceError(BusinessRuleError):
    """The post does not exist at this place."""


class SamePersonError(BusinessRuleError):
    """Access to Party data is confirmed by a second person."""


class AlreadyEndedError(BusinessRuleError):
    """It has ended before."""


class AlreadyCoveredError(BusinessRuleError):
    """The company is covered already."""


class UnknownRuleError(BusinessRuleError):
    """A local rule stands in place of a regulation that is loaded."""


@dataclass(frozen=True)
class OrganisationFacts:
    """What a person enters about an organisation."""

    name: str
    kind: str
    parent: PartyOrganisation | None = None
    superior: str = ""
    founded_on: date | None = None
    document: str = ""
    has_committee: bool = False


@transaction.atomic
def found(facts: OrganisationFacts, *, by, now: datetime) -> PartyOrganisation:
    """Put an organisation on record that its superior has approved."""
    _check_place(facts, None)
    if facts.founded_on is not None and facts.founded_on > localdate(now):
        raise DaysOutOfOrderError("成立日期不能晚于今天；批复下来以后再登记。")
    organisation = PartyOrganisation.objects.create(**_fields(facts), created_at=now, created_by=by)
    audit.record(
        "party.organisation_founded",
        by=by,
        target=organisation,
        now=now,
        kind=facts.kind,
        parent=str(facts.parent or facts.superior),
        document=facts.document,
    )
    return organisation


@transaction.atomic
def change(
    organisation: PartyOrganisation, facts: OrganisationFacts, *, by, now: datetime
) -> PartyOrganisation:
    """Correct what is on record, or hang the organisation under another superior."""
    organisation = _locked(organisation)
    _check_place(facts, organisation)
    fields = _fields(facts)
    changed = [name for name, value in fields.items() if getattr(organisation, name) != value]
    for name, value in fields.items():
        setattr(organisation, name, value)
    organisation.save(update_fields=list(fields))
    audit.record("party.organisation_changed", by=by, target=organisation, now=now, changed=changed)
    return organisation


@transaction.atomic
def begin_term(
    organisation: PartyOrganisation, *, elected_on: date, document: str, by, now: datetime
) -> PartyOrganisation:
    """Enter an election (换届): the term ends as many years later as the rules of that day say."""
    organisation = _locked(organisation)
    if not document.strip():
        raise DocumentMissingError("请写明上级批复的文号，再登记换届。")
    if elected_on > localdate(now):
        raise DaysOutOfOrderError("当选日期不能晚于今天。")
    if organisation.term_starts_on is not None and elected_on <= organisation.term_starts_on:
        raise DaysOutOfOrderError(
            f"当选日期要晚于本届开始的 {organisation.term_starts_on}，请核对。"
        )
    years = queries.rule_book(elected_on, organisation).term_years(organisation.kind)
    before = organisation.term_ends_on
    organisation.term_starts_on = elected_on
    organisation.term_ends_on = structure.years_later(elected_on, years)
    organisation.save(update_fields=["term_starts_on", "term_ends_on"])
    audit.record(
        "party.term_begun",
        by=by,
        target=organisation,
        now=now,
        document=document.strip(),
        before=str(before or ""),
        until=str(organisation.term_ends_on),
    )
    return organisation


@transaction.atomic
def shift_term(
    organisation: PartyOrganisation, *, ends_on: date, document: str, by, now: datetime
) -> PartyOrganisation:
    """Move the end of the term, early or late, as the superior has approved; a year at most."""
    organisation = _locked(organisation)
    if organisation.term_starts_on is None:
        raise DaysOutOfOrderError("还没有登记本届任期，请先登记换届。")
    if not document.strip():
        raise DocumentMissingError("延期或提前换届须经上级党组织批准，请写明批复文号。")
    book = queries.rule_book(localdate(now), organisation)
    years = int(book.get("org.term.shift_max")["years"])
    due = structure.years_later(organisation.term_starts_on, book.term_years(organisation.kind))
    if not structure.years_later(due, -years) <= ends_on <= structure.years_later(due, years):
        raise DaysOutOfOrderError(f"延期或提前最长 {years} 年，本届原定 {due} 届满。")
    before = organisation.term_ends_on
    organisation.term_ends_on = ends_on
    organisation.save(update_fields=["term_ends_on"])
    audit.record(
        "party.term_shifted",
        by=by,
        target=organisation,
        now=now,
        document=document.strip(),
        before=str(before),
        until=str(ends_on),
    )
    return organisation


@transaction.atomic
def dissolve(
    organisation: PartyOrganisation, *, on: date, document: str, by, now: datetime
) -> PartyOrganisation:
    """Strike an organisation off once it is empty; its records stay."""
    organisation = _locked(organisation)
    if organisation.dissolved_on is not None:
        raise AlreadyEndedError(f"已于 {organisation.dissolved_on} 撤销。")
    if not document.strip():
        raise DocumentMissingError("请写明上级批复撤销的文号。")
    left = [
        words
        for words, there in (
            ("党员", organisation.members.present().exists()),
            ("下级党组织", organisation.children.standing().exists()),
            ("在任岗位", organisation.posts.filter(ends_on=None).exists()),
        )
        if there
    ]
    if left:
        raise NotEmptyError(f"还有{'、'.join(left)}，请先转出或办理免职，再撤销。")
    organisation.dissolved_on, organisation.dissolved_document = on, document.strip()
    organisation.save(update_fields=["dissolved_on", "dissolved_document"])
    audit.record(
        "party.organisation_dissolved",
        by=by,
        target=organisation,
        now=now,
        document=organisation.dissolved_document,
    )
    return organisation


# ------------------------------------------------------------------ companies


@transaction.atomic
def cover(
    organisation: PartyOrganisation, unit: MemberUnit, *, starts_on: date, by, now: datetime
) -> CoveredUnit:
    """Put a company under the care of the organisation."""
    if organisation.covered_units.filter(unit=unit, ends_on=None).exists():
        raise AlreadyCoveredError(f"“{unit}”已在覆盖范围里，不用再加。")
    covered = CoveredUnit.objects.create(organisation=organisation, unit=unit, starts_on=starts_on)
    audit.record("party.unit_covered", by=by, target=organisation, now=now, unit=unit.pk)
    return covered


@transaction.atomic
def uncover(covered: CoveredUnit, *, ends_on: date, by, now: datetime) -> CoveredUnit:
    """Take a company out of the care of the organisation; the row stays with its last day."""
    covered = CoveredUnit.objects.select_for_update(of=("self",)).get(pk=covered.pk)
    if covered.ends_on is not None:
        raise AlreadyEndedError(f"这家单位已于 {covered.ends_on} 移出。")
    if not covered.starts_on <= ends_on <= localdate(now):
        raise DaysOutOfOrderError("移出日期要在纳入之后，不能晚于今天。")
    covered.ends_on = ends_on
    covered.save(update_fields=["ends_on"])
    audit.record(
        "party.unit_uncovered", by=by, target=covered.organisation, now=now, unit=covered.unit_id
    )
    return covered


# ------------------------------------------------------------------ posts


@dataclass(frozen=True)
class PostFacts:
    """What a person enters about a post and its holder."""

    role: str
    name: str
    starts_on: date
    unit: MemberUnit | None = None
    member: Any = None
    user: Any = None
    from_outside: str = ""
    document: str = ""


@transaction.atomic
def appoint(organisation: PartyOrganisation | None, facts: PostFacts, *, by, now: datetime) -> Post:
    """Put a person on a post of the organisation, of a company (指导员) or of the association.

    A login asked for with a keeper's post opens nothing until a second person confirms it.
    """
    _check_post_place(organisation, facts)
    if facts.user is not None and facts.role not in KEEPER_ROLES:
        raise WrongPlaceError(
            f"{PostRole(facts.role).label}不经办党务台账，不用登录账号，请把账号一栏留空。"
        )
    rows = Post.objects.filter(
        organisation=organisation, unit=facts.unit, role=facts.role, ends_on=None
    )
    if facts.role in SINGLE_ROLES and (holder := rows.first()) is not None:
        raise SeatTakenError(
            f"{PostRole(facts.role).label}现由{holder.name}担任，请先办理免职再任新人。"
        )
    if rows.filter(name=facts.name, user=facts.user).exists():
        raise SeatTakenError(f"{facts.name}已在这个岗位上，不用再登记。")
    post = Post.objects.create(
        organisation=organisation,
        unit=facts.unit,
        role=facts.role,
        name=facts.name,
        member=facts.member,
        user=facts.user,
        from_outside=facts.from_outside,
        document=facts.document,
        starts_on=facts.starts_on,
        created_at=now,
        created_by=by,
    )
    audit.record(
        "party.appointed",
        by=by,
        target=post,
        now=now,
        place=str(organisation or facts.unit or ""),
        document=facts.document,
        login=facts.user.username if facts.user else "",
    )
    return post


@transaction.atomic
def confirm_access(post: Post, *, by, now: datetime) -> Post:
    """Let the holder of a keeper's post see the Party ledger: the second person says yes."""
    post = _locked_post(post)
    if post.ends_on is not None:
        raise AlreadyEndedError("这个岗位已经免职，不能再开通登录。")
    if post.user_id is None or post.role not in KEEPER_ROLES:
        raise WrongPlaceError("这个岗位没有申请登录账号。")
    if post.access_confirmed_at is not None:
        raise AlreadyEndedError("登录已经开通，不用再确认。")
    if by.pk in {post.created_by_id, post.user_id}:
        raise SamePersonError("开通党务登录要由申请人和本人以外的另一位确认。")
    post.access_confirmed_at, post.access_confirmed_by = now, by
    post.save(update_fields=["access_confirmed_at", "access_confirmed_by"])
    audit.record("party.access_confirmed", by=by, target=post, now=now, login=post.user.username)
    return post


@transaction.atomic
def identify(post: Post, member, *, by, now: datetime) -> Post:
    """Say which member on the register holds the post: rolls and cross-appointments need it."""
    post = _locked_post(post)
    if post.ends_on is not None:
        raise AlreadyEndedError("这个岗位已经免职。")
    if member is not None and member.left_on is not None:
        raise WrongPlaceError(f"{member}已经离开，请选在册党员。")
    post.member = member
    post.save(update_fields=["member"])
    audit.record(
        "party.post_identified",
        by=by,
        target=post,
        now=now,
        member=str(member.pk) if member else "",
    )
    return post


@transaction.atomic
def end_post(post: Post, *, ends_on: date, reason: str, by, now: datetime) -> Post:
    """End a post with ``ends_on`` as its last day; its door closes at once."""
    post = _locked_post(post)
    if post.ends_on is not None:
        raise AlreadyEndedError(f"已于 {post.ends_on} 免职。")
    if ends_on < post.starts_on:
        raise DaysOutOfOrderError(f"免职日期不能早于任职的 {post.starts_on}。")
    if ends_on > localdate(now):
        raise DaysOutOfOrderError("免职日期不能晚于今天，请到那一天再办理。")
    if not reason.strip():
        raise DocumentMissingError("请写明免职原因或文号。")
    post.ends_on, post.ended_at, post.ended_by = ends_on, now, by
    post.ended_reason = reason.strip()
    post.save(update_fields=["ends_on", "ended_at", "ended_by", "ended_reason"])
    audit.record("party.post_ended", by=by, target=post, now=now, reason=post.ended_reason)
    return post


# ------------------------------------------------------------------ local rules


@transaction.atomic
def set_local_rule(
    organisation: PartyOrganisation,
    code: str,
    value,
    *,
    starts_on: date,
    source: str,
    by,
    now: datetime,
) -> PartyRule:
    """Enter the stricter rule of a superior: it holds at the organisation and below.

    The regulation stays as it is, and so do days before ``starts_on``.
    """
    general = PartyRule.objects.in_force(starts_on).filter(code=code, organisation=None).first()
    if general is None:
        raise UnknownRuleError("没有找到这条规则在那一天的版本，请从规则清单里选。")
    if not source.strip():
        raise DocumentMissingError("请写明依据，例如上级文件的名称和文号。")
    if PartyRule.objects.filter(code=code, organisation=organisation, starts_on=starts_on).exists():
        raise AlreadyCoveredError(f"从 {starts_on} 起已经登记过这条规定，请换一个施行日。")
    rule = PartyRule.objects.create(
        code=code,
        name=general.name,
        unit=general.unit,
        value=value,
        status=RuleStatus.LOCAL,
        source=source.strip(),
        organisation=organisation,
        starts_on=starts_on,
        entered_by=by,
    )
    audit.record(
        "party.local_rule_set", by=by, target=organisation, now=now, code=code, value=value
    )
    return rule


@transaction.atomic
def load_rules(document: dict, *, now: datetime) -> int:
    """Enter the regulations of a document; rows already there are left as they are."""
    entered = 0
    for row in document["rules"]:
        key = {"code": row["code"], "organisation": None, "starts_on": row["starts_on"]}
        rule, is_new = PartyRule.objects.get_or_create(
            **key,
            defaults={
                name: row.get(name, "") for name in ("name", "value", "unit", "status", "source")
            }
            | {"note": row.get("note", ""), "ends_on": row.get("ends_on")},
        )
        if is_new:
            entered += 1
            audit.record("party.rule_loaded", by=None, target=rule, now=now, code=rule.code)
    return entered


# ------------------------------------------------------------------ what the acts share


def _fields(facts: OrganisationFacts) -> dict:
    names = ("name", "kind", "parent", "superior", "founded_on", "document", "has_committee")
    return {name: getattr(facts, name) for name in names}


def _check_place(facts: OrganisationFacts, organisation: PartyOrganisation | None) -> None:
    parent = facts.parent
    label = OrganisationKind(facts.kind).label
    if not structure.may_stand_under(facts.kind, parent.kind if parent else None):
        if parent is None:
            raise WrongParentError("党小组设在党支部里，请选择所在的党支部。")
        raise WrongParentError(f"{label}不能设在{parent.get_kind_display()}“{parent}”下面。")
    if parent is not None and parent.dissolved_on is not None:
        raise WrongParentError(f"“{parent}”已经撤销，请选择别的上级。")
    if organisation is not None and parent is not None:
        below = PartyOrganisation.objects.below([organisation.pk])
        if below.filter(pk=parent.pk).exists():
            raise WrongParentError(f"“{parent}”就在“{organisation}”下面，不能反过来作它的上级。")
    same = PartyOrganisation.objects.standing().filter(parent=parent, name=facts.name)
    if same.exclude(pk=organisation.pk if organisation else None).exists():
        raise NameTakenError(f"同一上级下已有“{facts.name}”，请换个名称或打开原来的记录。")


def _check_post_place(organisation: PartyOrganisation | None, facts: PostFacts) -> None:
    label = PostRole(facts.role).label
    if facts.role in ASSOCIATION_ROLES:
        if organisation is not None or facts.unit is not None:
            raise WrongPlaceError(f"{label}是协会职务，不在党组织里登记岗位。")
        return
    if facts.role == PostRole.COACH:
        if (organisation is None) == (facts.unit is None):
            raise WrongPlaceError(
                "指导员联系一个党组织，或联系一家没有党组织的会员单位，请选一个。"
            )
        return
    if organisation is None:
        raise WrongPlaceError(f"{label}是党组织的岗位，请选择党组织。")
    if organisation.dissolved_on is not None:
        raise WrongPlaceError(f"“{organisation}”已经撤销，不能再任职。")
    is_group = organisation.kind == OrganisationKind.GROUP
    if is_group != (facts.role == PostRole.GROUP_LEADER):
        raise WrongPlaceError(f"“{organisation}”没有{label}这个岗位。")


def _locked(organisation: PartyOrganisation) -> PartyOrganisation:
    return PartyOrganisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)


def _locked_post(post: Post) -> Post:
    return Post.objects.select_for_update(of=("self",)).select_related("user").get(pk=post.pk)
