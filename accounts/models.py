"""Who people are, and which association-wide roles they hold."""

from collections import defaultdict

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, TruncDate
from django.utils.functional import cached_property

from accounts.permissions import allowed
from accounts.roles import GLOBAL_ROLES, Permission, Role
from association.models import both_or_neither, user_reference


class Area(models.Model):
    """A sub-district (街道、镇): where a shop stands and where a role may end."""

    code = models.CharField("代码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50, unique=True)
    order = models.PositiveSmallIntegerField("排序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "片区"

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet):
    def visible_to(self, user) -> "UserQuerySet":
        """All accounts for those who grant roles, their own for the rest."""
        return self if allowed(user, Permission.ROLE_GRANT) else self.filter(pk=user.pk)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):
    use_in_migrations = False


class User(AbstractUser):
    """A person with a login. What they may do comes from roles alone, never from is_staff."""

    real_name = models.CharField("姓名", max_length=50, blank=True)
    phone = models.CharField("手机号", max_length=20, null=True, blank=True, unique=True)
    phone_verified_at = models.DateTimeField("手机号验证时间", null=True, blank=True)

    objects = UserManager()

    class Meta(AbstractUser.Meta):
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.real_name or self.username

    def roles_of(self, user) -> frozenset[Role]:
        """An account is no place of its own: only roles held everywhere count."""
        return user.global_roles

    @cached_property
    def area_roles(self) -> dict[Role, frozenset[int] | None]:
        """Granted roles; the value is ``None`` for everywhere, else the pks of the areas."""
        areas: dict[Role, set] = defaultdict(set)
        for role, area in self.role_grants.in_force().values_list("role", "area_id"):
            areas[Role(role)].add(area)
        return {r: None if None in held else frozenset(held) for r, held in areas.items()}

    @cached_property
    def global_roles(self) -> frozenset[Role]:
        """Roles that hold everywhere; read once per request."""
        return frozenset(role for role, areas in self.area_roles.items() if areas is None)

    def roles_in_area(self, area_id: int | None) -> frozenset[Role]:
        """Granted roles that hold in the area, those held everywhere included."""
        return frozenset(
            role
            for role, areas in self.area_roles.items()
            if areas is None or (area_id is not None and area_id in areas)
        )


class RoleGrantQuerySet(models.QuerySet):
    def in_force(self) -> "RoleGrantQuerySet":
        """Confirmed grants that are neither revoked nor outside their days, today."""
        today = TruncDate(Now())
        return self.filter(
            Q(starts_on=None) | Q(starts_on__lte=today),
            Q(ends_on=None) | Q(ends_on__gte=today),
            revoked_at=None,
            confirmed_at__isnull=False,
        )

    def held_or_awaited(self) -> "RoleGrantQuerySet":
        """Grants that are not revoked and whose days are not over, confirmed or not."""
        today = TruncDate(Now())
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=today), revoked_at=None)

    def visible_to(self, user) -> "RoleGrantQuerySet":
        """All grants for those who grant roles, their own for the rest."""
        return self if allowed(user, Permission.ROLE_GRANT) else self.filter(user=user)


class RoleGrant(models.Model):
    """An association-wide role given to a person; proposed by one, confirmed by a second.

    Revoked, never deleted. ``area`` empty means everywhere; ``starts_on``/``ends_on`` make a
    leave deputy. The very first grant of an installation has nobody to confirm it and says so.
    """

    user = user_reference("role_grants", "用户")
    role = models.CharField("角色", max_length=32, choices=Role.choices)
    area = models.ForeignKey(
        Area,
        verbose_name="片区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="role_grants",
    )
    starts_on = models.DateField("自", null=True, blank=True)
    ends_on = models.DateField("至", null=True, blank=True)
    granted_at = models.DateTimeField("提出时间")
    granted_by = user_reference("+", "提出人", null=True, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = user_reference("+", "确认人", null=True, blank=True)
    is_first = models.BooleanField("首个账号", default=False)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoked_by = user_reference("+", "撤销人", null=True, blank=True)

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "角色授予"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "area"],
                condition=Q(revoked_at=None),
                nulls_distinct=False,
                name="accounts_rolegrant_one_active_per_role",
                violation_error_message="该用户已拥有此角色。",
            ),
            models.CheckConstraint(
                condition=Q(role__in=sorted(GLOBAL_ROLES)),
                name="accounts_rolegrant_role_is_global",
            ),
            both_or_neither("revoked_at", "revoked_by", name="accounts_rolegrant_revoked_pair"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None)
                | Q(is_first=True)
                | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=models.F("granted_by"))),
                name="accounts_rolegrant_confirmed_by_second",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None)
                | Q(ends_on=None)
                | Q(starts_on__lte=models.F("ends_on")),
                name="accounts_rolegrant_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Granting is the association's affair: only roles held everywhere count."""
        return user.global_roles


class Invitation(models.Model):
    """A one-time link by which a person sets the password of an account made for them.

    Only the digest is stored; the link itself stands on the printed sheet alone.
    """

    user = user_reference("invitations", "用户")
    token_digest = models.CharField("链接摘要", max_length=64, unique=True)
    created_at = models.DateTimeField("生成时间")
    created_by = user_reference("+", "生成人", null=True, blank=True)
    expires_at = models.DateTimeField("有效至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    revoked_at = models.DateTimeField("作废时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "邀请"

    def __str__(self) -> str:
        return f"{self.user_id} #{self.pk}"
