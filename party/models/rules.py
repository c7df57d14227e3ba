"""Numbers and shares from the regulations, as rows with their source and their days."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from accounts.permissions import roles_anywhere
from accounts.roles import Role
from association.models import user_reference
from party.enums import RuleStatus
from party.models.organisations import PartyOrganisation, organisations_kept_by


class PartyRuleQuerySet(models.QuerySet):
    def in_force(self, day: date) -> "PartyRuleQuerySet":
        """Rules whose days of validity include ``day``."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)

    def visible_to(self, user) -> "PartyRuleQuerySet":
        """The regulations for every keeper, the local rules of the organisations they keep."""
        kept = organisations_kept_by(user)
        if not kept:
            return self.none()
        return self.filter(Q(organisation=None) | Q(organisation__in=kept))


class PartyRule(models.Model):
    """One rule: its value, where it is written, how sure we are, from when to when.

    A changed rule is a new row from a later day. Where a local Party committee has set a
    stricter one, a row with ``organisation`` holds there and below.
    """

    code = models.CharField("代码", max_length=60)
    name = models.CharField("规则", max_length=80)
    value = models.JSONField("内容")
    unit = models.CharField("单位", max_length=10, blank=True)
    status = models.CharField("核对情况", max_length=16, choices=RuleStatus.choices)
    source = models.TextField("依据")
    note = models.TextField("说明", blank=True)
    organisation = models.ForeignKey(
        PartyOrganisation,
        verbose_name="适用党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="local_rules",
    )
    starts_on = models.DateField("施行日")
    ends_on = models.DateField("停止日", null=True, blank=True)
    entered_by = user_reference("+", "录入人", null=True, blank=True)

    objects = PartyRuleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党务规则"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "organisation", "starts_on"],
                nulls_distinct=False,
                name="party_partyrule_code_from_day_unique",
                violation_error_message="这条规则从这一天起已有一个版本。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=RuleStatus.values), name="party_partyrule_status_known"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="party_partyrule_has_source"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="party_partyrule_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(organisation=None) | Q(status=RuleStatus.LOCAL),
                name="party_partyrule_local_says_so",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def roles_of(self, user) -> frozenset[Role]:
        """A regulation is read by every keeper, a local rule kept at its organisation."""
        if self.organisation is not None:
            return self.organisation.roles_of(user)
        return roles_anywhere(user)
