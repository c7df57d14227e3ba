"""Who answers for a shop or a company, from when to when."""

from django.db import models
from django.db.models import Q

from accounts.roles import Role
from association.models import both_or_neither, user_reference
from members.models.register import MemberUnit, Pharmacy, today_in_database

POSITION_ROLES = (Role.HEAD_OFFICE, Role.OWNER, Role.STAFF)


class PositionQuerySet(models.QuerySet):
    def current(self) -> "PositionQuerySet":
        """Positions held today; one that was ended opens no door from that moment on."""
        today = today_in_database()
        return self.filter(
            Q(ends_on=None) | Q(ends_on__gte=today, ended_at=None), starts_on__lte=today
        )

    def answering_for(self, pharmacy: Pharmacy) -> "PositionQuerySet":
        """Today's owner of the shop and head office of its company: who gets its messages."""
        return self.current().filter(
            Q(pharmacy=pharmacy, role=Role.OWNER)
            | Q(unit=pharmacy.unit_id, role__in=[Role.OWNER, Role.HEAD_OFFICE])
        )


class Position(models.Model):
    """A person's role at one shop, or at one company for all its shops; ended, never deleted."""

    user = user_reference("positions", "用户")
    role = models.CharField(
        "角色", max_length=32, choices=[(r.value, r.label) for r in POSITION_ROLES]
    )
    unit = models.ForeignKey(
        MemberUnit,
        verbose_name="会员单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="positions",
    )
    pharmacy = models.ForeignKey(
        Pharmacy,
        verbose_name="药店",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="positions",
    )
    starts_on = models.DateField("自")
    ends_on = models.DateField("至", null=True, blank=True)
    created_at = models.DateTimeField("登记时间")
    created_by = user_reference("+", "登记人", null=True, blank=True)
    ended_at = models.DateTimeField("终止登记时间", null=True, blank=True)
    ended_by = user_reference("+", "终止登记人", null=True, blank=True)

    objects = PositionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=True, pharmacy__isnull=False)
                | Q(unit__isnull=False, pharmacy__isnull=True),
                name="members_position_exactly_one_place",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in POSITION_ROLES]),
                name="members_position_role_known",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "unit", "pharmacy"],
                condition=Q(ends_on=None),
                nulls_distinct=False,
                name="members_position_once_while_open",
                violation_error_message="该用户在这里已有相同的任职。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=models.F("ends_on")),
                name="members_position_days_in_order",
            ),
            both_or_neither("ended_at", "ended_by", name="members_position_ended_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} #{self.pk}"


def position_roles(user) -> frozenset[Role]:
    """Scoped roles that the person holds at any shop or company today."""
    held = user.positions.current().values_list("role", flat=True).distinct()
    return frozenset(Role(value) for value in held)
