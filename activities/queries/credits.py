"""What the shops earned: the answer of the ledger to the rooms above."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from activities.credit_rules import times
from activities.enums import CharityCode, CreditUnit
from activities.models import CharityCredit


def charity_credits(pharmacy_ids: Iterable[int], start: date, end: date) -> dict[int, list[dict]]:
    """Return for each shop what it earned from ``start`` to ``end``, both days included.

    One row a bonus code: ``{"code": "B01", "register_code": "bonus/B01", "name", "times", "said"
    (2.5 人时), "sources": [{"id": "activity/12", "kind": "activity", "label", "value"}]}``. Credits
    written off are not in it; what adds up to less than one time has ``times`` 0.
    """
    rows = (
        CharityCredit.objects.filter(pharmacy__in=pharmacy_ids, earned_on__range=(start, end))
        .values("pharmacy_id", "code", "unit", "activity_id", "activity__title", "earned_on")
        .annotate(total=Sum("quantity"))
        .exclude(total=0)
        .order_by("pharmacy_id", "code", "earned_on", "activity_id")
    )
    grouped: dict[tuple[int, str], list[dict]] = defaultdict(list)
    for row in rows:
        grouped[row["pharmacy_id"], row["code"]].append(row)
    answer: dict[int, list[dict]] = defaultdict(list)
    for (pharmacy_id, code), credits in grouped.items():
        quantity = sum((row["total"] for row in credits), Decimal(0))
        answer[pharmacy_id].append(
            {
                "code": code.partition("/")[2],
                "register_code": code,
                "name": CharityCode(code).label,
                "times": times(code, quantity),
                "said": _in_words(quantity, credits[0]["unit"]),
                "sources": [
                    {
                        "id": f"activity/{row['activity_id']}",
                        "kind": "activity",
                        "label": f"{row['earned_on'].isoformat()} {row['activity__title']}",
                        "value": _in_words(row["total"], row["unit"]),
                    }
                    for row in credits
                ],
            }
        )
    return dict(answer)


def _in_words(quantity: Decimal, unit: str) -> str:
    plain = format(quantity.normalize(), "f")
    return f"{plain} {CreditUnit(unit).label}"
