"""What other rooms and pages ask about people."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import phone
from accounts.models import Area, Invitation, RoleGrant, User
from accounts.permissions import roles_anywhere
from accounts.roles import SCOPED_ROLES, Role


def areas() -> QuerySet[Area]:
    """Return the sub-districts in their order."""
    return Area.objects.order_by("order", "pk")


def people_matching(text: str) -> QuerySet[User]:
    """Return the accounts whose name, login or phone holds ``text``.

    Whoever holds a role of the association stands first, then the people of the shops.
    """
    held = RoleGrant.objects.in_force().filter(user=OuterRef("pk"))
    found = User.objects.order_by(~Exists(held), "username")
    if text:
        number = phone.normalise(text) or text
        found = found.filter(
            Q(username__icontains=text) | Q(real_name__icontains=text) | Q(phone__contains=number)
        )
    return found


def find_user(login: str) -> User | None:
    """Return the account behind what was typed at the door: phone, user name or e-mail."""
    number = phone.normalise(login)
    if number and (found := User.objects.filter(phone=number).first()):
        return found
    named = User.objects.filter(Q(username__iexact=login) | Q(email__iexact=login))
    return named.order_by("pk").first() if login else None


def holders_of(role: Role) -> QuerySet[User]:
    """Return the active people who hold ``role`` anywhere by a grant in force."""
    grants = RoleGrant.objects.in_force().filter(role=role)
    return User.objects.filter(is_active=True, pk__in=grants.values("user")).order_by("pk")


def grants_waiting() -> QuerySet[RoleGrant]:
    """Return proposed roles that no second person has confirmed yet."""
    waiting = RoleGrant.objects.filter(confirmed_at=None, revoked_at=None)
    return waiting.select_related("user", "area", "granted_by").order_by("granted_at")


def open_invitation(token_digest: str, *, now: datetime) -> Invitation | None:
    """Return the invitation behind a link while it may still be used."""
    live = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now)
    return live.select_related("user").filter(token_digest=token_digest).first()


def count_waiting_for(user) -> int:
    """Return how many proposed roles ``user`` could confirm: not theirs, not by them."""
    return grants_waiting().exclude(granted_by=user).exclude(user=user).count()


def with_roles(people: Iterable[User]) -> list[tuple[User, list[RoleGrant]]]:
    """Return each of ``people`` with their grants in force, in two queries."""
    people = list(people)
    grants = RoleGrant.objects.in_force().filter(user__in=people).select_related("area")
    held: dict[int, list[RoleGrant]] = {}
    for grant in grants.order_by("pk"):
        held.setdefault(grant.user_id, []).append(grant)
    return [(user, held.get(user.pk, [])) for user in people]


def places_of(user: User) -> list[str]:
    """Return in words where the person holds a role that the places themselves know."""
    return [role.label for role in Role if role in roles_anywhere(user) & SCOPED_ROLES]
