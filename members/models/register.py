"""The register: companies, their shops, and who owned which shop when."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, TruncDate

from accounts.models import Area
from accounts.permissions import allowed_somewhere
from accounts.roles import GRANTS, Permission, Role
from members.enums import PharmacyStatus, UnitKind
from members.models.search import search


class MemberUnitQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MemberUnitQuerySet":
        """Units that have a pharmacy the person may see, or in which they hold a position."""
        if Role.SECRETARIAT in user.global_roles or Role.REGULATOR in user.global_roles:
            return self
        shops = Pharmacy.objects.visible_to(user)
        return self.filter(
            Q(pk__in=shops.values("unit")) | Q(pk__in=user.positions.current().values("unit"))
        )

    def matching(self, typed: str) -> "MemberUnitQuerySet":
        """Units whose name contains each word typed, or whose initials begin so."""
        return search(self, typed)


class MemberUnit(models.Model):
    """A member of the association (会员单位): a company with one shop or a chain of them."""

    name = models.CharField("单位名称", max_length=100)
    kind = models.CharField(
        "类型", max_length=16, choices=UnitKind.choices, default=UnitKind.SINGLE
    )
    credit_code = models.CharField(  # noqa: DJ001 -- unique when set
        "统一社会信用代码", max_length=18, null=True, blank=True
    )
    joined_on = models.DateField("入会日期", null=True, blank=True)
    contact_name = models.CharField("联系人", max_length=50, blank=True)
    contact_phone = models.CharField("联系电话", max_length=40, blank=True)
    name_folded = models.CharField("规范名称", max_length=100, editable=False)
    name_initials = models.CharField("拼音首字母", max_length=100, editable=False, db_collation="C")
    name_sort = models.CharField("拼音排序", max_length=200, editable=False, db_collation="C")
    updated_at = models.DateTimeField("更新时间")

    objects = MemberUnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会员单位"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=UnitKind.values), name="members_memberunit_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(credit_code=""), name="members_memberunit_credit_code_or_null"
            ),
            # A constraint, not unique=True: that would add a second index for LIKE.
            models.UniqueConstraint(
                fields=["credit_code"],
                name="members_memberunit_credit_code_unique",
                violation_error_message="这个统一社会信用代码已有会员单位登记。",
            ),
        ]
        indexes = [
            models.Index(fields=["name_folded"], name="unit_name_folded"),
            models.Index(fields=["name_sort", "id"], name="unit_by_name"),
            models.Index(fields=["name_initials"], name="unit_by_initials"),
        ]

    def __str__(self) -> str:
        return self.name

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds in this unit today, or where it has a shop."""
        held = user.positions.current().filter(unit=self).values_list("role", flat=True)
        granted = user.global_roles
        if len(granted) < len(user.area_roles):
            areas = self.pharmacies.values_list("area_id", flat=True).distinct()
            granted = granted.union(*(user.roles_in_area(area) for area in areas))
        return granted | {Role(value) for value in held}


class PharmacyQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PharmacyQuerySet":
        """All shops for those who may view them everywhere, their areas' or own for the rest.

        A reviewer's or adjudicator's sight of shops comes with the cases assigned to them and
        is answered by ``Assessment.objects.visible_to``; here they see nothing by role alone.
        """
        if not allowed_somewhere(user, Permission.PHARMACY_VIEW):
            return self.none()
        sight = Q(pk__in=[])
        for role in (Role.SECRETARIAT, Role.INSPECTOR, Role.REGULATOR):
            if role not in user.area_roles or Permission.PHARMACY_VIEW not in GRANTS[role]:
                continue
            areas = user.area_roles[role]
            if areas is None:
                return self
            sight |= Q(area__in=areas)
        positions = user.positions.current()
        return self.filter(
            sight
            | Q(pk__in=positions.filter(pharmacy__isnull=False).values("pharmacy"))
            | Q(unit__in=positions.filter(unit__isnull=False).values("unit"))
        )

    def matching(self, typed: str) -> "PharmacyQuerySet":
        """Shops whose name contains each word typed, or whose initials or licence begin so."""
        return search(self, typed, licence="licence_number")

    def licence_due(self, *, today: date, until: date) -> "PharmacyQuerySet":
        """Shops not struck off whose licence still holds today but ends by ``until``."""
        return self.on_register().filter(licence_expires_on__range=(today, until))

    def licence_over(self, *, today: date) -> "PharmacyQuerySet":
        """Shops not struck off whose licence ended before ``today``."""
        return self.on_register().filter(licence_expires_on__lt=today)

    def licence_unknown(self) -> "PharmacyQuerySet":
        """Shops not struck off of which the office has no end of the licence."""
        return self.on_register().filter(licence_expires_on=None)

    def on_register(self) -> "PharmacyQuerySet":
        """Shops that are open or paused, not struck off."""
        return self.exclude(status=PharmacyStatus.CLOSED)

    def held_by(self, user) -> "PharmacyQuerySet":
        """Shops for which the person answers or works today, directly or by the company."""
        positions = user.positions.current()
        return self.filter(
            Q(pk__in=positions.filter(pharmacy__isnull=False).values("pharmacy"))
            | Q(unit__in=positions.filter(unit__isnull=False).values("unit"))
        )

    def active(self) -> "PharmacyQuerySet":
        """Shops that are open for business."""
        return self.filter(status=PharmacyStatus.ACTIVE)

    def with_place(self) -> "PharmacyQuerySet":
        """Shops with the unit and area that every row of a list shows."""
        return self.select_related("unit", "area")


class Pharmacy(models.Model):
    """One shop with one drug trade licence: the thing that pledges, is inspected and rated."""

    unit = models.ForeignKey(
        MemberUnit,
        verbose_name="会员单位",
        on_delete=models.PROTECT,
        related_name="pharmacies",
        db_index=False,  # members_pharmacy_unique_in_unit begins with it
    )
    name = models.CharField("门店名称", max_length=100)
    area = models.ForeignKey(
        Area,
        verbose_name="片区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pharmacies",
        db_index=False,  # pharmacy_by_area begins with it
    )
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("电话", max_length=60, blank=True)
    licence_number = models.CharField(  # noqa: DJ001 -- unique when set
        "药品经营许可证号", max_length=40, null=True, blank=True
    )
    licence_expires_on = models.DateField("许可证有效期至", null=True, blank=True)
    joined_on = models.DateField("入会日期", null=True, blank=True)
    opened_on = models.DateField("开业日期", null=True, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=PharmacyStatus.choices, default=PharmacyStatus.ACTIVE
    )
    source = models.CharField("来源名册", max_length=60, blank=True)
    source_id = models.CharField("来源编号", max_length=60, blank=True)
    # The signed address outside (/s/<token>/): stands on the door, says nothing, can be changed.
    public_token = models.CharField("公开页编号", max_length=32, editable=False)
    name_folded = models.CharField("规范名称", max_length=100, editable=False)
    address_folded = models.CharField("规范地址", max_length=200, blank=True, editable=False)
    name_initials = models.CharField("拼音首字母", max_length=100, editable=False, db_collation="C")
    name_sort = models.CharField("拼音排序", max_length=200, editable=False, db_collation="C")
    created_at = models.DateTimeField("建档时间")
    updated_at = models.DateTimeField("更新时间")

    objects = PharmacyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "药店"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PharmacyStatus.values), name="members_pharmacy_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(licence_number=""), name="members_pharmacy_licence_or_null"
            ),
            models.UniqueConstraint(
                fields=["licence_number"],
                name="members_pharmacy_licence_number_unique",
                violation_error_message="这个许可证号已有药店登记。",
            ),
            models.UniqueConstraint(
                fields=["public_token"], name="members_pharmacy_public_token_unique"
            ),
            models.UniqueConstraint(
                fields=["unit", "name_folded", "address_folded"],
                name="members_pharmacy_unique_in_unit",
                violation_error_message="该单位下已有同名同址的药店。",
            ),
            models.UniqueConstraint(
                fields=["source", "source_id"],
                condition=~Q(source_id=""),
                name="members_pharmacy_source_id_unique",
                violation_error_message="这份名册里的编号已经用过。",
            ),
        ]
        indexes = [
            models.Index(fields=["name_sort", "id"], name="pharmacy_by_name"),
            models.Index(fields=["name_initials"], name="pharmacy_by_initials"),
            models.Index(fields=["area", "name_sort", "id"], name="pharmacy_by_area"),
            models.Index(
                fields=["licence_expires_on", "id"],
                condition=~Q(status=PharmacyStatus.CLOSED),
                name="pharmacy_by_expiry",
            ),
            models.Index(
                fields=["status", "name_sort", "id"],
                condition=~Q(status=PharmacyStatus.ACTIVE),
                name="pharmacy_not_active",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds at this pharmacy today."""
        held = (
            user.positions.current()
            .filter(Q(pharmacy=self) | Q(unit=self.unit_id))
            .values_list("role", flat=True)
        )
        return user.roles_in_area(self.area_id) | {Role(value) for value in held}


class Tenure(models.Model):
    """Which unit held a shop, both days included; still open while ``ends_on`` is empty."""

    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="tenures"
    )
    unit = models.ForeignKey(
        MemberUnit, verbose_name="会员单位", on_delete=models.PROTECT, related_name="tenures"
    )
    starts_on = models.DateField("自", null=True, blank=True)
    ends_on = models.DateField("至", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "经营主体沿革"
        constraints = [
            models.UniqueConstraint(
                fields=["pharmacy"],
                condition=Q(ends_on=None),
                name="members_tenure_one_open_per_pharmacy",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None)
                | Q(ends_on=None)
                | Q(starts_on__lte=models.F("ends_on")),
                name="members_tenure_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id}→{self.unit_id} #{self.pk}"


def today_in_database():
    """The day in Shanghai as the database sees it, so that no clock is read below the doors."""
    return TruncDate(Now())
