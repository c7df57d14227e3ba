"""Who wants to come: places taken, the waiting list, and offers that hold for a day."""

from django.db import models
from django.db.models import Q

from accounts.roles import Role
from activities.enums import SignUpState
from activities.models.activities import Activity
from association.models import user_reference
from members.models import Pharmacy

HOLDING = (SignUpState.TAKEN, SignUpState.OFFERED)
OPEN = (*HOLDING, SignUpState.WAITING)


class SignUpQuerySet(models.QuerySet):
    def holding(self) -> "SignUpQuerySet":
        """Sign-ups that hold places: taken ones and open offers."""
        return self.filter(state__in=HOLDING)

    def open(self) -> "SignUpQuerySet":
        """Sign-ups that hold places or wait for some."""
        return self.filter(state__in=OPEN)

    def waiting(self) -> "SignUpQuerySet":
        """The waiting list, first come first."""
        return self.filter(state=SignUpState.WAITING).order_by("signed_at", "pk")

    def visible_to(self, user) -> "SignUpQuerySet":
        """Sign-ups of the shops the person may see, at activities they may see."""
        return self.filter(
            activity__in=Activity.objects.visible_to(user),
            pharmacy__in=Pharmacy.objects.visible_to(user),
        )


class SignUp(models.Model):
    """One shop's sign-up for one activity: how many people, and whether they have places."""

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="sign_ups"
    )
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="sign_ups"
    )
    people = models.PositiveSmallIntegerField("人数")
    state = models.CharField("状态", max_length=16, choices=SignUpState.choices)
    signed_at = models.DateTimeField("报名时间")
    signed_by = user_reference("+", "报名人")
    offered_until = models.DateTimeField("名额保留到", null=True, blank=True)
    offers = models.PositiveSmallIntegerField("给过几次名额", default=0)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报名"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "pharmacy"],
                condition=Q(state__in=OPEN),
                name="activities_signup_once_while_open",
                violation_error_message="这家药店已经报过名。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SignUpState.values), name="activities_signup_state_known"
            ),
            models.CheckConstraint(
                condition=Q(people__gt=0), name="activities_signup_people_positive"
            ),
            models.CheckConstraint(
                condition=Q(state=SignUpState.OFFERED, offered_until__isnull=False)
                | (~Q(state=SignUpState.OFFERED) & Q(offered_until=None)),
                name="activities_signup_offer_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, closed_at=None)
                | (~Q(state__in=OPEN) & Q(closed_at__isnull=False)),
                name="activities_signup_closed_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["activity", "state", "signed_at"], name="signup_by_activity"),
            models.Index(fields=["pharmacy", "state"], name="signup_by_shop"),
        ]

    def __str__(self) -> str:
        return f"{self.activity_id}·{self.pharmacy_id} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds at the shop."""
        return self.pharmacy.roles_of(user)
