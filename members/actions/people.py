"""People at shops and companies: given a position, taken out of it again, invited."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from association import audit
from association.errors import BusinessRuleError
from members.models import MemberUnit, Pharmacy, Position


class WrongPlaceError(BusinessRuleError):
    """The role does not exist at this kind of place."""


class AlreadyHereError(BusinessRuleError):
    """The person holds this role at this place already."""


class PositionEndedError(BusinessRuleError):
    """The position has ended before."""


class DaysOutOfOrderError(BusinessRuleError):
    """The last day lies before the first."""


@transaction.atomic
def appoint(
    user, role: Role, *, at: MemberUnit | Pharmacy, starts_on: date, by, now: datetime
) -> Position:
    """Give a person a role at a shop (owner, staff) or at a company (head office)."""
    place = _place(at, role)
    if Position.objects.filter(user=user, role=role, ends_on=None, **place).exists():
        raise AlreadyHereError(f"“{user}”在“{at}”已是{Role(role).label}，不用再登记。")
    position = Position.objects.create(
        user=user, role=role, starts_on=starts_on, created_at=now, created_by=by, **place
    )
    audit.record(
        "position.given", by=by, target=at, now=now, person=str(user), position=str(Role(role))
    )
    return position


@transaction.atomic
def end_position(position: Position, *, ends_on: date, by, now: datetime) -> Position:
    """End a position with ``ends_on`` as its last day; the row stays."""
    rows = Position.objects.select_related("user", "unit", "pharmacy")
    position = rows.select_for_update(of=("self",)).get(pk=position.pk)
    if position.ends_on is not None:
        raise PositionEndedError(f"这项任职已于 {position.ends_on} 终止。")
    if ends_on < position.starts_on:
        raise DaysOutOfOrderError(f"终止日期不能早于任职开始的 {position.starts_on}，请核对。")
    if ends_on > timezone.localdate(now):
        raise DaysOutOfOrderError("终止日期不能晚于今天，请到那一天再办理。")
    position.ends_on, position.ended_at, position.ended_by = ends_on, now, by
    position.save(update_fields=["ends_on", "ended_at", "ended_by"])
    audit.record(
        "position.ended",
        by=by,
        target=position.pharmacy or position.unit,
        now=now,
        person=str(position.user),
        position=position.role,
    )
    return position


def _place(at: MemberUnit | Pharmacy, role: Role) -> dict:
    if isinstance(at, MemberUnit):
        if role != Role.HEAD_OFFICE:
            raise WrongPlaceError(f"会员单位只登记连锁总部人员，{Role(role).label}请登记在药店。")
        return {"unit": at}
    if role not in (Role.OWNER, Role.STAFF):
        raise WrongPlaceError("药店只登记药店负责人和药店员工，总部人员请登记在会员单位。")
    return {"pharmacy": at}
