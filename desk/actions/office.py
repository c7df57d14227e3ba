"""Acts at the desk: reading messages, the working-day table, the association's own data."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from association import audit, files
from association.errors import BusinessRuleError
from association.models import CalendarDay, Delivery
from desk import queries
from desk.models import ONLY, AssociationProfile
from desk.working_day_table import TableDay

EDITABLE = (
    "name",
    "short_name",
    "address",
    "contact_phone",
    "complaint_phone",
    "certificate_signer",
    "certificate_number_pattern",
    "filings_footer",
)


class WrongPatternError(BusinessRuleError):
    """The pattern of certificate numbers yields no usable numbers."""


class SetUpOpenError(BusinessRuleError):
    """A step of the first-run set-up is not done yet."""


class SourceMissingError(BusinessRuleError):
    """A table of working days needs the notice it comes from."""


def read(delivery: Delivery, *, now: datetime) -> Delivery:
    """Mark a message as read; reading again keeps the first time."""
    Delivery.objects.filter(pk=delivery.pk, read_at=None).update(read_at=now)
    delivery.refresh_from_db(fields=["read_at"])
    return delivery


def read_all(user, *, now: datetime) -> int:
    """Mark everything in the inbox of ``user`` as read; return how many were unread."""
    unread = Delivery.objects.filter(recipient=user, delivered_at__isnull=False, read_at=None)
    return unread.update(read_at=now)


@transaction.atomic
def import_working_days(
    days: Sequence[TableDay], *, year: int, source: str, by, now: datetime
) -> int:
    """Replace the table of ``year`` by ``days``; return how many rows it has now.

    Deadlines that were announced keep their dates; what is reckoned from now on follows it.
    """
    if not source.strip():
        raise SourceMissingError("请写明依据，例如“国办发明电〔2026〕1 号”。")
    rows = CalendarDay.objects.select_for_update().filter(day__year=year)
    before = {row.day: row.is_working for row in rows}
    CalendarDay.objects.filter(day__year=year).delete()
    fresh = [
        CalendarDay(
            day=day.day, is_working=day.is_working, name=day.name, source=source.strip()[:300]
        )
        for day in days
    ]
    CalendarDay.objects.bulk_create(fresh)
    after = {row.day: row.is_working for row in fresh}
    changed = {d for d in before.keys() | after.keys() if before.get(d) != after.get(d)}
    audit.record(
        "working_days.imported",
        by=by,
        target=fresh[0],
        now=now,
        year=year,
        source=source.strip(),
        rows=len(fresh),
        changed=sorted(day.isoformat() for day in changed) if before else [],
    )
    return len(fresh)


@transaction.atomic
def save_profile(*, by, now: datetime, mark=None, **values) -> AssociationProfile:
    """Keep what the association says about itself; ``mark`` is an upload or ``None``.

    Raises ``WrongPatternError`` when certificate numbers could not be made or told apart.
    """
    pattern = values.get("certificate_number_pattern")
    if pattern is not None:
        _check_pattern(pattern)
    before = AssociationProfile.objects.select_for_update(of=("self",)).filter(pk=ONLY).first()
    profile = before or AssociationProfile(pk=ONLY)
    changed = sorted(name for name in EDITABLE if getattr(profile, name) != values[name])
    for name in EDITABLE:
        setattr(profile, name, values[name])
    if mark is not None:
        profile.mark = files.accept(mark, by=by, now=now, kinds=files.PHOTOS)
        changed.append("mark")
    profile.save()
    audit.record("association.saved", by=by, target=profile, now=now, changed=changed)
    transaction.on_commit(lambda: queries.remember(profile))
    return profile


@transaction.atomic
def finish_set_up(*, by, now: datetime) -> AssociationProfile:
    """Close the first-run set-up; the workbench stops showing it."""
    today = timezone.localdate(now)
    open_steps = [step.label for step in queries.set_up_steps(today) if not step.is_done]
    if open_steps:
        raise SetUpOpenError(f"还差：{'、'.join(open_steps)}。填好后再完成设置。")
    profile = AssociationProfile.objects.select_for_update(of=("self",)).get(pk=ONLY)
    if profile.set_up_at is None:
        profile.set_up_at, profile.set_up_by = now, by
        profile.save(update_fields=["set_up_at", "set_up_by"])
        audit.record("association.set_up", by=by, target=profile, now=now)
    return profile


def _check_pattern(pattern: str) -> None:
    try:
        numbers = {pattern.format(year=2026, number=number) for number in (1, 2)}
    except (KeyError, IndexError, ValueError, AttributeError):
        numbers = set()
    if len(numbers) != 2:
        raise WrongPatternError(
            "证书编号格式里只能用 {year}（年份）和 {number:04}（四位流水号），流水号必须有。"
        )
