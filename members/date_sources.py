"""The dates of this room that rules remind of."""

from collections.abc import Iterator
from datetime import date

from accounts.queries import holders_of
from accounts.roles import Role
from association.date_sources import DateSource
from association.reminder_plan import Occurrence
from members.models import Pharmacy, Position

ANSWERING = (Role.OWNER, Role.HEAD_OFFICE)


def _licence_end(since: date, until: date) -> Iterator[Occurrence]:
    """Licences that end, with whoever answers for the shop; three queries for all of them."""
    shops = list(
        Pharmacy.objects.on_register()
        .filter(licence_expires_on__range=(since, until))
        .order_by("licence_expires_on", "pk")
        .values_list("pk", "name", "unit", "licence_expires_on")
    )
    if not shops:
        return
    of_shop: dict[int, list[int]] = {}
    of_unit: dict[int, list[int]] = {}
    held = Position.objects.current().filter(role__in=ANSWERING).order_by("user")
    for user, shop, unit in held.values_list("user", "pharmacy", "unit"):
        if shop is not None:
            of_shop.setdefault(shop, []).append(user)
        else:
            of_unit.setdefault(unit, []).append(user)
    office = tuple(holders_of(Role.SECRETARIAT).values_list("pk", flat=True))
    for pk, name, unit, ends_on in shops:
        answering = dict.fromkeys([*of_shop.get(pk, []), *of_unit.get(unit, [])])
        yield Occurrence(
            key=f"licence:{pk}",
            label=f"{name}的药品经营许可证",
            due_on=ends_on,
            people={"owners": tuple(answering), "office": office},
            link=f"/members/shops/{pk}/",
            about=(Pharmacy._meta.label, str(pk)),
        )


LICENCE_END = DateSource(
    "members.licence_end",
    "药品经营许可证有效期",
    {"owners": "药店负责人和连锁总部", "office": "秘书处"},
    _licence_end,
)
