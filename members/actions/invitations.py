"""Letting people in: an account made for them, a position, and a link for the first password.

No SMS is needed: the link stands as a QR code on a printed sheet or goes round as text.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts import phone as phones
from accounts.roles import Role
from association.errors import BusinessRuleError
from association.sheet_cells import clean
from members.actions.people import appoint
from members.enums import PharmacyStatus
from members.models import MemberUnit, Pharmacy, Position


class InvitationDetailsError(BusinessRuleError):
    """Name or telephone number do not fit the account."""


class NotOnRegisterError(BusinessRuleError):
    """The shop was struck off."""


@dataclass(frozen=True)
class Invited:
    """Who may come in; ``token`` is empty where the account has its password already."""

    position: Position
    token: str
    expires_at: datetime | None

    @property
    def user(self):
        return self.position.user


@transaction.atomic
def invite_person(
    at: MemberUnit | Pharmacy, *, real_name: str, phone: str, role: Role, by, now: datetime
) -> Invited:
    """Give a person a position and, if they never logged in, a link to set their password.

    A telephone number that has an account already gets the position on that account.
    """
    name = clean(real_name)
    if not name:
        raise InvitationDetailsError("请填写姓名。")
    number = phones.normalise(phone)
    if number is None:
        raise InvitationDetailsError("请填写 11 位手机号，以后用它登录。")
    user = get_user_model().objects.filter(phone=number).first()
    if user is None:
        user = accounts.create_user(username=number, real_name=name, phone=number, by=by, now=now)
    elif user.real_name and user.real_name != name:
        raise InvitationDetailsError(
            f"这个手机号的账号姓名是“{user.real_name}”，与填写的不同，请核对。"
        )
    position = appoint(user, role, at=at, starts_on=timezone.localdate(now), by=by, now=now)
    return _invited(position, by=by, now=now)


@transaction.atomic
def invite_owner(pharmacy: Pharmacy, *, by, now: datetime) -> Invited:
    """Return the way in for the shop's owner; a shop without one gets an account of its own.

    Asking again makes a new link and the old sheet worthless.
    """
    shop = Pharmacy.objects.select_for_update(of=("self",)).get(pk=pharmacy.pk)
    if shop.status == PharmacyStatus.CLOSED:
        raise NotOnRegisterError(f"“{shop}”已注销，不用邀请。")
    owners = shop.positions.current().filter(role=Role.OWNER).select_related("user")
    position = owners.order_by("pk").first()
    if position is None:
        login = f"yd{shop.pk:06}"
        user = get_user_model().objects.filter(username=login).first()
        if user is None:
            user = accounts.create_user(username=login, real_name="", by=by, now=now)
        today = timezone.localdate(now)
        position = appoint(user, Role.OWNER, at=shop, starts_on=today, by=by, now=now)
    return _invited(position, by=by, now=now)


def _invited(position: Position, *, by, now: datetime) -> Invited:
    if position.user.has_usable_password():
        return Invited(position, "", None)
    token = accounts.invite(position.user, by=by, now=now)
    return Invited(position, token, now + timedelta(days=accounts.INVITATION_DAYS))
