"""What waits for the people of a shop, over all their shops, in one query."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, CharField, DateField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Cast
from django.urls import reverse

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from association.templatetags.ui import cn_date
from members.models import Pharmacy
from pledges.models import Pledge
from starrating.enums import AssessmentState as A
from starrating.enums import CycleState as C
from starrating.models import Assessment

SHEET, PLEDGE, LICENCE = "sheet", "pledge", "licence"
LICENCE_SOON = timedelta(days=90)
MOST = 200
NOBODY = Value(0, output_field=IntegerField())
NOTHING = Value("", output_field=CharField())


@dataclass(frozen=True)
class Waiting:
    """One thing that a shop owes; ``about`` names the cycle or the year of the pledge."""

    kind: str
    shop: int
    shop_name: str
    record: int
    state: str
    about: str
    due: date | None

    def words(self, today: date) -> dict:
        """Return the thing as a line of a list: verb first, the day it is due, where it is done."""
        left = (self.due - today).days if self.due else None
        if self.kind == LICENCE:
            return {
                "title": "许可证已过期"
                if left is not None and left < 0
                else f"许可证 {left} 天后到期",
                "note": f"有效期到 {cn_date(self.due)}，换证后请告诉协会",
                "url": reverse("members:shop", args=[self.shop]),
                "icon": "license",
                "tone": "warn",
            }
        if self.kind == PLEDGE:
            return {
                "title": f"签 {self.about} 年度自律承诺书",
                "note": f"{_until(self.due, today)} · 约 1 分钟",
                "url": reverse("pledges:sign", args=[self.record]),
                "icon": "pencil",
                "tone": "brand",
            }
        titles = {
            A.OPEN: f"填 {self.about}星级自评",
            A.RETURNED: f"补 {self.about}自评材料",
            A.SUBMITTED: f"确认代填的 {self.about}自评",
        }
        return {
            "title": titles[A(self.state)],
            "note": f"{self.due.month}月{self.due.day}日 24:00 前" if self.due else "",
            "url": reverse("starrating:fill", args=[self.record]),
            "icon": "clipboard-check",
            "tone": "warn" if self.state == A.RETURNED else "brand",
        }


def _until(last: date | None, today: date) -> str:
    if last is None or last < today:
        return "期限已过，仍可签"
    return f"{last.month}月{last.day}日前"


def waiting_for(user, *, today: date) -> list[Waiting]:
    """Return what the person's shops owe, the earliest first; asked once in a request."""
    found = getattr(user, "_waiting", None)
    if found is None:
        found = user._waiting = _asked(user, today)
    return found


def _asked(user, today: date) -> list[Waiting]:
    shops = Pharmacy.objects.held_by(user).on_register()
    parts = [_sheets(user, shops, today), _licences(shops, today)]
    if allowed_somewhere(user, Permission.PLEDGE_SIGN):
        parts.append(_pledges(shops, today))
    rows = parts[0].union(*parts[1:], all=True)[:MOST]
    return sorted((Waiting(*row) for row in rows), key=lambda row: (row.due or date.max, row.shop))


def _sheets(user, shops: QuerySet, today: date) -> QuerySet:
    """Sheets that can still be filled, corrected, or confirmed by whoever may."""
    at_work = [C.SELF_REVIEW, C.REVIEW]
    owed = Q(state=A.OPEN, cycle__state=C.SELF_REVIEW, cycle__entry_closes_on__gte=today)
    owed |= Q(state=A.RETURNED, cycle__state__in=at_work, cycle__review_closes_on__gte=today)
    if allowed_somewhere(user, Permission.ASSESSMENT_SUBMIT):
        owed |= Q(state=A.SUBMITTED, confirmed_at=None, cycle__state__in=at_work)
    due = Case(
        When(state=A.OPEN, then=F("cycle__entry_closes_on")),
        default=F("cycle__review_closes_on"),
        output_field=DateField(),
    )
    rows = Assessment.objects.filter(owed, pharmacy__in=shops.values("pk"))
    return rows.order_by().values_list(
        Value(SHEET, output_field=CharField()),
        F("pharmacy_id"),
        F("pharmacy__name"),
        F("pk"),
        Cast("state", CharField()),
        F("cycle__name"),
        due,
    )


def _pledges(shops: QuerySet, today: date) -> QuerySet:
    rows = Pledge.objects.filter(
        state="invited", campaign__ends_on__gte=today, pharmacy__in=shops.values("pk")
    )
    return rows.order_by().values_list(
        Value(PLEDGE, output_field=CharField()),
        F("pharmacy_id"),
        F("pharmacy__name"),
        F("pk"),
        NOTHING,
        Cast("campaign__year", CharField()),
        F("campaign__sign_by"),
    )


def _licences(shops: QuerySet, today: date) -> QuerySet:
    rows = shops.filter(licence_expires_on__lte=today + LICENCE_SOON)
    return rows.order_by().values_list(
        Value(LICENCE, output_field=CharField()),
        F("pk"),
        F("name"),
        NOBODY,
        NOTHING,
        NOTHING,
        F("licence_expires_on"),
    )
