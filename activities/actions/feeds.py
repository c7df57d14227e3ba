"""Calendars on the phone: opened, given a new address, closed."""

from datetime import datetime

from django.db import transaction

from activities.enums import FeedKind
from activities.models import CalendarFeed
from association import audit
from association.errors import BusinessRuleError
from members.models import Pharmacy
from party.models import PartyOrganisation, organisations_kept_by


class NotYourCalendarError(BusinessRuleError):
    """A feed shows what its person may see, and nothing else."""


@transaction.atomic
def open_feed(
    kind: str,
    *,
    pharmacy: Pharmacy | None = None,
    organisation: PartyOrganisation | None = None,
    by,
    now: datetime,
) -> CalendarFeed:
    """Open a calendar for the person; the one that is open already stays as it is."""
    if kind not in FeedKind.values:
        raise NotYourCalendarError("没有这个日历，请刷新后重新选择。")
    if kind == FeedKind.SHOP and (
        pharmacy is None or not Pharmacy.objects.held_by(by).filter(pk=pharmacy.pk).exists()
    ):
        raise NotYourCalendarError("只能订自己药店的日历。")
    if kind == FeedKind.BRANCH and (
        organisation is None or organisation.pk not in organisations_kept_by(by)
    ):
        raise NotYourCalendarError("支部日历只给管这个支部台账的人。")
    feed, is_new = CalendarFeed.objects.get_or_create(
        user=by,
        kind=kind,
        pharmacy=pharmacy if kind == FeedKind.SHOP else None,
        organisation=organisation if kind == FeedKind.BRANCH else None,
        closed_at=None,
        defaults={"opened_at": now},
    )
    if is_new:
        audit.record("feed.opened", by=by, target=feed, now=now, kind=kind)
    return feed


@transaction.atomic
def renew_feed(feed: CalendarFeed, *, by, now: datetime) -> CalendarFeed:
    """Give the calendar a new address; the old one opens nothing from now on."""
    feed = _locked(feed)
    feed.number += 1
    feed.changed_at = now
    feed.save(update_fields=["number", "changed_at"])
    audit.record("feed.renewed", by=by, target=feed, now=now, number=feed.number)
    return feed


@transaction.atomic
def close_feed(feed: CalendarFeed, *, by, now: datetime) -> CalendarFeed:
    """Close the calendar; a phone that asks for it gets nothing more."""
    feed = _locked(feed)
    feed.closed_at = now
    feed.save(update_fields=["closed_at"])
    audit.record("feed.closed", by=by, target=feed, now=now)
    return feed


def _locked(feed: CalendarFeed) -> CalendarFeed:
    found = CalendarFeed.objects.open().select_for_update(of=("self",)).filter(pk=feed.pk).first()
    if found is None:
        raise NotYourCalendarError("这个日历已经停用，要用请重新开通。")
    return found
