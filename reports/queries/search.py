"""One search over the rooms: shops, companies, certificates, papers and activities in sight."""

from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from activities.models import Activity
from inspections.models import Violation
from members.models import MemberUnit, Pharmacy
from starrating.models import Assessment, Award

LIMIT = 8
SHORTEST = 2  # a single character finds half the register; initials begin to say something at two


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, what tells it from others of the name, where it is."""

    title: str
    note: str
    url: str


@dataclass(frozen=True)
class Group:
    """Things of one kind; ``more`` leads to the full list where there are further ones."""

    name: str
    icon: str
    hits: list[Hit] = field(default_factory=list)
    more: str = ""


def found(user, typed: str) -> list[Group]:
    """Return what ``typed`` finds among what ``user`` may see, at most ``LIMIT`` a kind."""
    typed = " ".join(typed.split())
    if len(typed) < SHORTEST:
        return []
    groups = [_shops(user, typed), _cases(user, typed), _units(user, typed), _awards(user, typed)]
    groups += [_violations(user, typed), _activities(user, typed)]
    return [group for group in groups if group.hits]


def _shops(user, typed: str) -> Group:
    rows = (
        Pharmacy.objects.visible_to(user)
        .matching(typed)
        .select_related("area")
        .order_by("name_sort", "pk")[: LIMIT + 1]
    )
    hits = [
        Hit(
            shop.name,
            _joined(shop.area and shop.area.name, shop.licence_number, _closed(shop)),
            reverse("members:shop", args=[shop.pk]),
        )
        for shop in rows
    ]
    more = f"{reverse('members:list')}?{urlencode({'q': typed})}" if len(hits) > LIMIT else ""
    return Group("药店", "building-store", hits[:LIMIT], more)


def _cases(user, typed: str) -> Group:
    """Reviewers and adjudicators see shops through cases; they find those."""
    if not {Role.REVIEWER, Role.ADJUDICATOR} & user.area_roles.keys():
        return Group("评审", "clipboard-check")
    rows = (
        Assessment.objects.visible_to(user)
        .filter(pharmacy__in=Pharmacy.objects.matching(typed))
        .select_related("pharmacy__area", "cycle")
        .order_by("-cycle", "pharmacy__name_sort", "pk")[:LIMIT]
    )
    hits = [
        Hit(
            row.pharmacy.name,
            _joined(row.cycle.name, row.get_state_display()),
            f"{reverse('starrating:review', args=[row.cycle_id])}?view=all&case={row.pk}",
        )
        for row in rows
    ]
    return Group("评审", "clipboard-check", hits)


def _units(user, typed: str) -> Group:
    rows = MemberUnit.objects.visible_to(user).matching(typed).order_by("name_sort", "pk")[:LIMIT]
    hits = [
        Hit(unit.name, unit.get_kind_display(), reverse("members:unit", args=[unit.pk]))
        for unit in rows
    ]
    return Group("会员单位", "building", hits)


def _awards(user, typed: str) -> Group:
    if not allowed_somewhere(user, Permission.RESULT_VIEW):
        return Group("证书", "certificate")
    rows = Award.objects.visible_to(user).filter(serial__istartswith=typed)[:LIMIT]
    hits = [
        Hit(
            award.serial,
            _joined(award.holder_name, award.get_state_display()),
            reverse("reports:verify", args=[award.token]),
        )
        for award in rows
    ]
    return Group("证书", "certificate", hits)


def _violations(user, typed: str) -> Group:
    if not allowed_somewhere(user, Permission.VIOLATION_VIEW):
        return Group("违法违规事实", "alert-triangle")
    rows = (
        Violation.objects.visible_to(user)
        .filter(Q(document_number__icontains=typed) | Q(title__icontains=typed))
        .select_related("pharmacy")
        .order_by("-pk")[:LIMIT]
    )
    hits = [
        Hit(
            f"{row.pharmacy.name}：{row.title}",
            _joined(row.document_number, row.get_state_display()),
            reverse("inspections:detail", args=[row.pk]),
        )
        for row in rows
    ]
    return Group("违法违规事实", "alert-triangle", hits)


def _activities(user, typed: str) -> Group:
    if not allowed_somewhere(user, Permission.ACTIVITY_VIEW):
        return Group("活动", "calendar-event")
    rows = (
        Activity.objects.visible_to(user)
        .filter(title__icontains=typed)
        .order_by("-held_on", "-pk")[:LIMIT]
    )
    hits = [
        Hit(
            row.title,
            _joined(row.held_on.isoformat(), row.place),
            reverse("activities:detail", args=[row.pk]),
        )
        for row in rows
    ]
    return Group("活动", "calendar-event", hits)


def _closed(shop: Pharmacy) -> str:
    return "" if shop.status == "active" else shop.get_status_display()


def _joined(*words: str | None) -> str:
    return " · ".join(word for word in words if word)
