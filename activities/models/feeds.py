"""Calendars that a phone subscribes to: one address each, which can be changed or closed."""

from django.db import models
from django.db.models import Q

from accounts.permissions import roles_anywhere
from accounts.roles import Role
from activities.enums import FeedKind
from association.models import user_reference
from members.models import Pharmacy
from party.models import PartyOrganisation


class CalendarFeedQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CalendarFeedQuerySet":
        """One's own open feeds; nobody else ever needs them."""
        return self.filter(user=user.pk, closed_at=None)

    def open(self) -> "CalendarFeedQuerySet":
        """Feeds whose address still answers."""
        return self.filter(closed_at=None)


class CalendarFeed(models.Model):
    """One person's subscription to a calendar. ``number`` counts its addresses.

    What is in it follows, at every reading, from what the person may see then.
    """

    user = user_reference("calendar_feeds", "谁订的")
    kind = models.CharField("哪个日历", max_length=16, choices=FeedKind.choices)
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, null=True, related_name="+"
    )
    organisation = models.ForeignKey(
        PartyOrganisation,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    number = models.PositiveIntegerField("第几个地址", default=1)
    opened_at = models.DateTimeField("开通时间")
    changed_at = models.DateTimeField("换地址时间", null=True)
    closed_at = models.DateTimeField("停用时间", null=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "日历订阅"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "pharmacy", "organisation"],
                condition=Q(closed_at=None),
                nulls_distinct=False,
                name="activities_calendarfeed_one_open",
                violation_error_message="这个日历已经开通。",
            ),
            models.CheckConstraint(
                condition=Q(kind=FeedKind.PERSONAL, pharmacy=None, organisation=None)
                | Q(kind=FeedKind.SHOP, pharmacy__isnull=False, organisation=None)
                | Q(kind=FeedKind.BRANCH, pharmacy=None, organisation__isnull=False),
                name="activities_calendarfeed_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(number__gt=0), name="activities_calendarfeed_number_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """All roles of the person whose feed it is."""
        return roles_anywhere(user) if user.pk == self.user_id else frozenset()
