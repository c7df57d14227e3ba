"""Reads of the register for its own pages and for the rooms above."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Q

from accounts.permissions import allowed
from accounts.roles import GLOBAL_ROLES, Permission, Role
from association.models import AuditEvent
from members.enums import ImportState, PharmacyStatus
from members.models import ImportBatch, MemberUnit, Pharmacy, Position
from members.workflow import PERMISSION_FOR, PHARMACY

SHOP_LIST = "members:list"
LICENCE_SOON = timedelta(days=60)
# Columns that a row of the list shows; the rest stays in the database.
LIST_FIELDS = (
    "name",
    "name_sort",
    "status",
    "licence_number",
    "licence_expires_on",
    "unit__name",
    "unit__kind",
    "area__name",
)
SWITCHER_LIMIT = 20
# What ends first stands on top; every other view goes by name.
ORDER_OF_VIEW = {"due": "licence_expires_on", "over": "licence_expires_on"}


def views_of(shops, *, today: date) -> dict:
    """Return the saved views of the shop list: name → shops."""
    until = today + LICENCE_SOON
    return {
        "all": shops,
        "due": shops.licence_due(today=today, until=until),
        "over": shops.licence_over(today=today),
        "unknown": shops.licence_unknown(),
        "paused": shops.filter(status=PharmacyStatus.PAUSED),
        "closed": shops.filter(status=PharmacyStatus.CLOSED),
    }


def narrowed(shops, wanted: Mapping):
    """Return those of ``shops`` that the filters of the list leave."""
    if wanted.get("q"):
        shops = shops.matching(wanted["q"])
    if wanted.get("area"):
        shops = shops.filter(area_id=wanted["area"])
    if wanted.get("kind"):
        shops = shops.filter(unit__kind=wanted["kind"])
    if wanted.get("unit"):
        shops = shops.filter(unit__in=MemberUnit.objects.matching(wanted["unit"]))
    if wanted.get("status"):
        shops = shops.filter(status=wanted["status"])
    return shops


def units_of(users) -> dict[int, frozenset[int]]:
    """The companies at which each of ``users`` holds a position today, whole or by a shop."""
    ties: dict[int, set[int]] = {user.pk: set() for user in users}
    rows = Position.objects.current().filter(
        Q(user__in=ties), Q(unit__isnull=False) | Q(pharmacy__isnull=False)
    )
    for user, unit, shop_unit in rows.values_list("user", "unit", "pharmacy__unit"):
        ties[user].add(unit or shop_unit)
    return {user: frozenset(units) for user, units in ties.items()}


def list_rows(shops):
    """Return ``shops`` with exactly what a row of the list needs."""
    return shops.select_related("unit", "area").only(*LIST_FIELDS)


def unit_rows(units):
    """Return ``units`` with the number of their shops that are on the register."""
    on_register = ~Q(pharmacies__status=PharmacyStatus.CLOSED)
    return units.annotate(shop_count=Count("pharmacies", filter=on_register))


def units_like(user, typed: str, *, limit: int = 5) -> list[MemberUnit]:
    """Return a few units whose own name matches what was typed into the shop search."""
    units = MemberUnit.objects.visible_to(user).matching(typed)
    return list(units.order_by("name_sort", "pk")[:limit])


def unit_named(text: str, *, code: str = "") -> list[MemberUnit]:
    """Return the units of exactly this folded name or this credit code, at most a few."""
    return list(MemberUnit.objects.filter(Q(name_folded=text) | Q(credit_code=code or None))[:5])


def without_open_owner(shops):
    """Return those of ``shops`` where no owner of today has set a password yet."""
    owners = Position.objects.current().filter(role=Role.OWNER, user__is_active=True)
    open_ones = owners.exclude(user__password="").exclude(
        user__password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    return shops.exclude(pk__in=open_ones.filter(pharmacy__isnull=False).values("pharmacy"))


def own_shops(user) -> list[Pharmacy]:
    """Return the shops at which the person holds a position, for the switcher on the phone."""
    mine = user.positions.current()
    shops = Pharmacy.objects.filter(
        Q(pk__in=mine.filter(pharmacy__isnull=False).values("pharmacy"))
        | Q(unit__in=mine.filter(unit__isnull=False).values("unit"))
    )
    return list(shops.on_register().order_by("name_sort", "pk")[:SWITCHER_LIMIT])


def is_shop_side(user, pharmacy: Pharmacy) -> bool:
    """Return whether the person looks at the shop as its own people do, on the phone."""
    roles = pharmacy.roles_of(user)
    return bool(roles & {Role.OWNER, Role.STAFF}) and not roles & GLOBAL_ROLES


def people_at(place: Pharmacy | MemberUnit) -> list[Position]:
    """Return the positions at a shop or company, the present ones first."""
    rows = place.positions.select_related("user").order_by("ends_on", "role", "starts_on", "pk")
    return sorted(rows, key=lambda position: position.ends_on is not None)


def acts_open_to(user, pharmacy: Pharmacy) -> tuple[str, ...]:
    """Return the moves that the state allows and the person may make."""
    return tuple(
        act
        for act in PHARMACY.acts_from(pharmacy.status)
        if allowed(user, PERMISSION_FOR[act], pharmacy)
    )


def history_of(user, record, *, limit: int = 20) -> list[AuditEvent]:
    """Return the latest audit lines about the record for those who may read them."""
    if not allowed(user, Permission.AUDIT_VIEW, record):
        return []
    events = AuditEvent.objects.filter(target_model=record._meta.label, target_id=str(record.pk))
    return list(events.order_by("-happened_at", "-pk")[:limit])


def imports_of(user):
    """Return the sheets that the person may see, newest first, with what the history shows."""
    rows = ImportBatch.objects.visible_to(user).select_related(
        "file", "uploaded_by", "committed_by", "undone_by"
    )
    return rows.defer("about", "headings", "mapping", "remarks").order_by("-uploaded_at", "-id")


def earlier_import(batch: ImportBatch) -> ImportBatch | None:
    """Return the latest other batch of the very same file that is open or was written."""
    same = ImportBatch.objects.filter(kind=batch.kind, file__sha256=batch.file.sha256)
    alive = [
        ImportState.MAPPING,
        ImportState.CHECKING,
        ImportState.CHECKED,
        ImportState.COMMITTED,
    ]
    rows = same.filter(state__in=alive, uploaded_at__lte=batch.uploaded_at).exclude(pk=batch.pk)
    return rows.select_related("file", "uploaded_by").order_by("-uploaded_at").first()
