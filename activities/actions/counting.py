"""Which obligations an activity counts for: by duty and day, nothing twice."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q

from activities.enums import Programme
from activities.models import Activity, Duty, Fulfilment, Obligation
from association.errors import BusinessRuleError
from party.models import PartyOrganisation


class PeriodMissingError(BusinessRuleError):
    """The duties of that year have no periods yet."""


class DutyCountedTwiceError(BusinessRuleError):
    """In one programme an activity counts for one duty, unless the rule lets two go together."""


def obligations_on(
    day: date, codes: Collection[str], host: PartyOrganisation | None = None
) -> list[Obligation]:
    """Return what the duties ``codes`` owe in the periods for which ``day`` counts.

    What a Party organisation holds counts for its own duties and for those of the association,
    never for another organisation's.
    """
    found = list(
        Obligation.objects.standing()
        .filter(Q(organisation=None) | Q(organisation=host))
        .filter(counts_from__lte=day, counts_until__gte=day, code__in=codes)
        .select_related("duty", "organisation")
    )
    if lacking := set(codes) - {obligation.code for obligation in found}:
        if not Obligation.objects.filter(period_start__year=day.year).exists():
            raise PeriodMissingError(
                f"{day.year} 年的任务清单还没有生成，请先在活动页生成这一年的任务。"
            )
        names = Duty.objects.filter(code__in=lacking).values_list("name", flat=True)
        raise PeriodMissingError(
            f"{'、'.join(dict.fromkeys(names)) or '勾选的任务'}在 {day.month}月{day.day}日"
            f"没有{host or '协会'}要办的周期，请换一个日期，或去掉这项任务。"
        )
    for obligation in found:
        twins = [
            other.duty.name
            for other in found
            if other.duty.programme == obligation.duty.programme
            and not _may_go_together(obligation.duty, other.duty)
        ]
        if len(twins) > 1:
            programme = Programme(obligation.duty.programme).label
            raise DutyCountedTwiceError(
                f"一次活动在“{programme}”里只计一项，现在勾了{'、'.join(twins)}，请只留一项。"
            )
    return found


def _may_go_together(one: Duty, other: Duty) -> bool:
    return other.code in {one.merges_with, one.usually_also} or one.code in {
        other.merges_with,
        other.usually_also,
    }


def relink(activity: Activity, obligations: Collection[Obligation]) -> None:
    """Let the activity count for exactly these obligations; links that stay are not touched."""
    activity.fulfilments.exclude(obligation__in=obligations).delete()
    Fulfilment.objects.bulk_create(
        (
            Fulfilment(activity=activity, obligation=obligation, code=obligation.code)
            for obligation in obligations
        ),
        ignore_conflicts=True,
    )
