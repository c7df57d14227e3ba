"""Acts on people: accounts, invitations, roles. Each is one transaction and one audit event."""

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import phone as phones
from accounts.models import Area, Invitation, RoleGrant, User
from accounts.passwords import is_staff_account
from accounts.queries import open_invitation
from accounts.roles import GLOBAL_ROLES, Role
from association import audit, outbox
from association.errors import BusinessRuleError

INVITATION_DAYS = 14


class AccountTakenError(BusinessRuleError):
    """The user name or phone belongs to another account."""


class InvalidPhoneError(BusinessRuleError):
    """The text is no mobile number."""


class InvitationOverError(BusinessRuleError):
    """The link was used, revoked or is too old."""


class WeakPasswordError(BusinessRuleError):
    """The password breaks one of the rules; the message names all of them."""


class AccountClosedError(BusinessRuleError):
    """The account is switched off."""


class SelfServiceError(BusinessRuleError):
    """A person may not do this to their own account."""


class RoleHeldError(BusinessRuleError):
    """The person holds or awaits this role already."""


class WrongRoleError(BusinessRuleError):
    """The role is given at a shop or a Party organisation, not here."""


class DaysOutOfOrderError(BusinessRuleError):
    """The last day lies before the first."""


class SecondPersonError(BusinessRuleError):
    """The same person may not propose and confirm."""


class GrantOverError(BusinessRuleError):
    """The grant was confirmed or revoked before."""


class ReasonMissingError(BusinessRuleError):
    """An act against a person needs its reason."""


# ------------------------------------------------------------------ accounts


@transaction.atomic
def create_user(
    *, username: str, real_name: str, by, now: datetime, phone: str = "", email: str = ""
) -> User:
    """Make an account without a password; the invitation lets the person set it."""
    username = username.strip()
    if User.objects.filter(username__iexact=username).exists():
        raise AccountTakenError(f"登录名“{username}”已有人用，请换一个。")
    number = _free_number(phone)
    user = User(username=username, real_name=real_name.strip(), phone=number, email=email.strip())
    user.set_unusable_password()
    user.date_joined = now
    user.save()
    audit.record("user.created", by=by, target=user, now=now, username=username)
    return user


@transaction.atomic
def change_phone(user: User, *, phone: str, reason: str, by, now: datetime) -> User:
    """Bind another mobile number, with the reason; the person is told.

    For a staff account one person may not do this alone: whoever holds the phone holds the
    account.
    """
    user = _locked(user)
    if is_staff_account(user):
        raise SecondPersonError(
            "协会和监管账号的手机号不能由一个人改。请另建账号、由第二人确认角色，再停用旧账号。"
        )
    if not reason.strip():
        raise ReasonMissingError("请写明原因，例如“手机丢失，本人持身份证到协会办理”。")
    before, user.phone = user.phone, _free_number(phone, but=user)
    user.phone_verified_at = None
    user.save(update_fields=["phone", "phone_verified_at"])
    event = audit.record(
        "user.phone_changed", by=by, target=user, now=now, reason=reason.strip(), had=bool(before)
    )
    outbox.post(
        f"user.phone_changed:{event.pk}",
        to=[user],
        subject="账号绑定的手机号已更改",
        body=f"原因：{reason.strip()}。不是您本人要求的，请马上联系协会秘书处。",
        now=now,
    )
    return user


@transaction.atomic
def deactivate(user: User, *, reason: str, by, now: datetime) -> User:
    """Switch an account off; what the person did stays, open sessions end at once."""
    user = _locked(user)
    if by is not None and user.pk == by.pk:
        raise SelfServiceError("不能停用自己的账号，请由另一位同事办理。")
    if not user.is_active:
        raise AccountClosedError("这个账号已经停用，不用再办。")
    if not reason.strip():
        raise ReasonMissingError("请写明停用原因，例如“已离职”。")
    user.is_active = False
    user.save(update_fields=["is_active"])
    _revoke_open_invitations(user, now)
    audit.record("user.deactivated", by=by, target=user, now=now, reason=reason.strip())
    return user


@transaction.atomic
def reactivate(user: User, *, by, now: datetime) -> User:
    """Switch an account on again, with the roles it had."""
    user = _locked(user)
    if user.is_active:
        raise AccountClosedError("这个账号正在使用，不用再启用。")
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record("user.reactivated", by=by, target=user, now=now)
    return user


# ------------------------------------------------------------------ invitations


def digest_of(token: str) -> str:
    """Return what is stored of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(user: User, *, by, now: datetime) -> str:
    """Make a one-time link by which the person sets a password; return its token.

    Also the reset link. Earlier links of the person end; the token is stored nowhere. A person
    who had a password is told, because whoever holds the link holds the account.
    """
    user = _locked(user)
    if not user.is_active:
        raise AccountClosedError("这个账号已停用，请先启用再发链接。")
    _revoke_open_invitations(user, now)
    token = secrets.token_urlsafe(24)
    Invitation.objects.create(
        user=user,
        token_digest=digest_of(token),
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    had_password = user.has_usable_password()
    event = audit.record("user.invited", by=by, target=user, now=now, is_reset=had_password)
    if had_password:
        outbox.post(
            f"user.reset_link:{event.pk}",
            to=[user],
            subject="秘书处为您的账号发了重设密码的链接",
            body="不是您本人要求的，请马上联系协会秘书处。",
            now=now,
        )
    return token


@transaction.atomic
def accept_invitation(token: str, *, password: str, now: datetime) -> User:
    """Set the first (or new) password by a link that nobody has used; return the person."""
    found = open_invitation(digest_of(token), now=now)
    if found is None or not found.user.is_active:
        raise InvitationOverError("这个链接已经用过或过期，请向协会秘书处再要一个。")
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if invitation.used_at is not None or invitation.revoked_at is not None:
        raise InvitationOverError("这个链接已经用过或过期，请向协会秘书处再要一个。")
    user = _locked(found.user)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPasswordError("".join(error.messages)) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.used_at = now
    invitation.save(update_fields=["used_at"])
    audit.record("invitation.accepted", by=user, target=user, now=now)
    return user


@transaction.atomic
def revoke_invitation(user: User, *, by, now: datetime) -> int:
    """End the open links of a person, for example when a sheet was lost; return how many."""
    count = _revoke_open_invitations(_locked(user), now)
    if not count:
        raise InvitationOverError("没有可作废的链接：已经用过、过期或作废。")
    audit.record("invitation.revoked", by=by, target=user, now=now)
    return count


# ------------------------------------------------------------------ roles


@transaction.atomic
def propose_role(
    user: User,
    role: Role,
    *,
    by,
    now: datetime,
    area: Area | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> RoleGrant:
    """Propose a role for a person; it holds once a second person has confirmed it.

    ``starts_on`` and ``ends_on``, both included, make a leave deputy.
    """
    role = Role(role)
    if role not in GLOBAL_ROLES:
        raise WrongRoleError(f"“{role.label}”要到门店、单位或支部的页面登记，不在这里授予。")
    if starts_on and ends_on and ends_on < starts_on:
        raise DaysOutOfOrderError("结束日期不能早于开始日期，请核对。")
    user = _locked(user)
    if not user.is_active:
        raise AccountClosedError("这个账号已停用，请先启用再授予角色。")
    _close_lapsed(user, role, area, now)
    if RoleGrant.objects.filter(user=user, role=role, area=area, revoked_at=None).exists():
        raise RoleHeldError(f"“{user}”已有“{role.label}”角色，或正等待确认。")
    grant = RoleGrant.objects.create(
        user=user,
        role=role,
        area=area,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_at=now,
        granted_by=by,
    )
    audit.record("role.proposed", by=by, target=user, now=now, **_words(grant))
    return grant


@transaction.atomic
def confirm_role(grant: RoleGrant, *, by, now: datetime) -> RoleGrant:
    """Let a proposed role begin; the confirming person is neither proposer nor receiver."""
    grant = _locked_grant(grant)
    if grant.confirmed_at is not None or grant.revoked_at is not None:
        raise GrantOverError("这项授权已经办过，请刷新页面查看。")
    if by.pk == grant.granted_by_id:
        raise SecondPersonError(
            "您提出的授权要由另一个人确认。协会只有一个账号时，请由维护人员在服务器上运行 "
            "./portal manage create_secretary 再建一个。"
        )
    if by.pk == grant.user_id:
        raise SecondPersonError("给自己的授权要由另一个人确认。")
    grant.confirmed_at, grant.confirmed_by = now, by
    grant.save(update_fields=["confirmed_at", "confirmed_by"])
    audit.record("role.confirmed", by=by, target=grant.user, now=now, **_words(grant))
    outbox.post(
        f"role.confirmed:{grant.pk}",
        to=[grant.user],
        subject=f"您已有“{grant.get_role_display()}”角色",
        body=f"范围：{grant.area or '全部片区'}。有疑问请联系协会秘书处。",
        now=now,
    )
    return grant


@transaction.atomic
def revoke_role(grant: RoleGrant, *, reason: str, by, now: datetime) -> RoleGrant:
    """Take a role back, or a proposal off the table; the row stays with who and when."""
    grant = _locked_grant(grant)
    if grant.revoked_at is not None:
        raise GrantOverError("这项授权已经撤销，不用再办。")
    if not reason.strip():
        raise ReasonMissingError("请写明撤销原因，例如“岗位调整”。")
    last_keeper = grant.role == Role.SECRETARIAT and grant.area_id is None and grant.confirmed_at
    others = RoleGrant.objects.in_force().filter(role=Role.SECRETARIAT, area=None)
    if last_keeper and not others.exclude(pk=grant.pk).filter(user__is_active=True).exists():
        raise SelfServiceError("这是最后一个秘书处角色，撤销后没有人能管理平台。请先授予另一人。")
    grant.revoked_at, grant.revoked_by = now, by
    grant.save(update_fields=["revoked_at", "revoked_by"])
    audit.record(
        "role.revoked", by=by, target=grant.user, now=now, reason=reason.strip(), **_words(grant)
    )
    return grant


@transaction.atomic
def grant_first_secretary(user: User, *, now: datetime) -> RoleGrant:
    """Give the secretariat's role from the server's command line, where nobody else can confirm."""
    grant = RoleGrant.objects.create(
        user=user, role=Role.SECRETARIAT, granted_at=now, confirmed_at=now, is_first=True
    )
    audit.record("role.granted_by_command", by=None, target=user, now=now, **_words(grant))
    return grant


# ------------------------------------------------------------------ sub-districts


class AreaTakenError(BusinessRuleError):
    """Code or name belongs to another sub-district."""


@transaction.atomic
def save_area(area: Area | None, *, code: str, name: str, order: int, by, now: datetime) -> Area:
    """Add a sub-district or change its code, name and place in the order."""
    code, name = code.strip(), name.strip()
    others = Area.objects.exclude(pk=area.pk) if area else Area.objects.all()
    if others.filter(code=code).exists():
        raise AreaTakenError(f"代码“{code}”已有片区在用，请换一个。")
    if others.filter(name=name).exists():
        raise AreaTakenError(f"片区“{name}”已经有了。")
    if area is None:
        area = Area.objects.create(code=code, name=name, order=order)
        audit.record("area.added", by=by, target=area, now=now, code=code)
        return area
    area = Area.objects.select_for_update(of=("self",)).get(pk=area.pk)
    before = area.name
    area.code, area.name, area.order = code, name, order
    area.save(update_fields=["code", "name", "order"])
    audit.record("area.changed", by=by, target=area, now=now, before=before)
    return area


# ------------------------------------------------------------------ below


def _locked(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user.pk)


def _locked_grant(grant: RoleGrant) -> RoleGrant:
    rows = RoleGrant.objects.select_related("user", "area").select_for_update(of=("self",))
    return rows.get(pk=grant.pk)


def _free_number(phone: str, *, but: User | None = None) -> str | None:
    if not phone.strip():
        return None
    number = phones.normalise(phone)
    if number is None:
        raise InvalidPhoneError("请填写 11 位手机号。")
    others = User.objects.exclude(pk=but.pk) if but else User.objects.all()
    if others.filter(phone=number).exists():
        raise AccountTakenError("这个手机号已绑定另一个账号，请核对。")
    return number


def _revoke_open_invitations(user: User, now: datetime) -> int:
    live = Invitation.objects.filter(user=user, used_at=None, revoked_at=None, expires_at__gt=now)
    return live.update(revoked_at=now)


def _close_lapsed(user: User, role: Role, area: Area | None, now: datetime) -> None:
    """Close grants of the past, so that a deputy of last year can be one again."""
    lapsed = RoleGrant.objects.filter(
        user=user, role=role, area=area, revoked_at=None, ends_on__lt=timezone.localdate(now)
    )
    for grant in lapsed:
        grant.revoked_at, grant.revoked_by = now, grant.granted_by or grant.user
        grant.save(update_fields=["revoked_at", "revoked_by"])


def _words(grant: RoleGrant) -> dict:
    return {
        "given_role": grant.role,
        "area": grant.area.code if grant.area else "",
        "starts_on": grant.starts_on.isoformat() if grant.starts_on else "",
        "ends_on": grant.ends_on.isoformat() if grant.ends_on else "",
    }
