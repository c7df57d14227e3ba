"""The tree of Party organisations, the companies they cover, and who holds which post."""

from django.db import models
from django.db.models import Count, F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now, TruncDate
from django.urls import reverse

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from association.models import both_or_neither, user_reference
from members.models import MemberUnit
from party.enums import (
    ASSOCIATION_ROLES,
    BRANCH_KINDS,
    COMMITTEE_ROLES,
    KEEPER_ROLES,
    SINGLE_ROLES,
    OrganisationKind,
    PostRole,
)

# The tree is read from the parents each time: there are tens of organisations, and a stored path
# would have to be mended at every move.
BELOW = """
    WITH RECURSIVE tree(id) AS (
        SELECT unnest(%s::bigint[])
        UNION
        SELECT child.id FROM party_partyorganisation child JOIN tree ON child.parent_id = tree.id
    )
    SELECT id FROM tree
"""
# 党小组长 is a seat of a group; the rest of these sit in an organisation of their own.
ORGANISATION_ROLES = COMMITTEE_ROLES | {PostRole.GROUP_LEADER, PostRole.FULLTIME_WORKER}


class PartyOrganisationQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PartyOrganisationQuerySet":
        """Their own organisation and those below, for who keeps the Party ledger there."""
        return self.filter(pk__in=organisations_kept_by(user))

    def below(self, roots) -> "PartyOrganisationQuerySet":
        """The organisations ``roots`` (pks) and everything that stands under them."""
        return self.filter(pk__in=RawSQL(BELOW, [sorted(roots)]))  # noqa: S611 -- constant text

    def standing(self) -> "PartyOrganisationQuerySet":
        """Organisations that have not been dissolved."""
        return self.filter(dissolved_on=None)

    def with_member_count(self) -> "PartyOrganisationQuerySet":
        """Each with ``member_count``: the members on its own register today."""
        return self.annotate(member_count=Count("members", filter=Q(members__left_on=None)))

    def branches(self) -> "PartyOrganisationQuerySet":
        """Branches and joint branches: who owes 三会一课."""
        return self.filter(kind__in=BRANCH_KINDS)


class PartyOrganisation(models.Model):
    """A Party organisation: committee, general branch, branch, joint branch or group.

    The tree has no cycles: a trigger walks up from the parent and refuses (migration 0002).
    """

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=24, choices=OrganisationKind.choices)
    parent = models.ForeignKey(
        "self",
        verbose_name="上级党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    superior = models.CharField("系统外的上级", max_length=80, blank=True)
    founded_on = models.DateField("成立日期", null=True, blank=True)
    document = models.CharField("批复文号", max_length=80, blank=True)
    term_starts_on = models.DateField("本届任期自", null=True, blank=True)
    term_ends_on = models.DateField("本届任期至", null=True, blank=True)
    has_committee = models.BooleanField("设支部委员会", default=False)
    units = models.ManyToManyField(
        MemberUnit,
        verbose_name="覆盖单位",
        through="CoveredUnit",
        related_name="party_organisations",
    )
    dissolved_on = models.DateField("撤销日期", null=True, blank=True)
    dissolved_document = models.CharField("撤销文号", max_length=80, blank=True)
    created_at = models.DateTimeField("建档时间")
    created_by = user_reference("+", "建档人", null=True, blank=True)

    objects = PartyOrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党组织"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=OrganisationKind.values),
                name="party_partyorganisation_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("pk")), name="party_partyorganisation_not_own_parent"
            ),
            models.CheckConstraint(
                condition=~Q(kind=OrganisationKind.GROUP) | Q(parent__isnull=False),
                name="party_partyorganisation_group_has_branch",
            ),
            models.CheckConstraint(
                condition=Q(term_starts_on=None, term_ends_on=None)
                | Q(
                    term_starts_on__isnull=False,
                    term_ends_on__isnull=False,
                    term_starts_on__lte=F("term_ends_on"),
                ),
                name="party_partyorganisation_term_in_order",
            ),
            models.CheckConstraint(
                condition=Q(dissolved_on=None, dissolved_document="")
                | (Q(dissolved_on__isnull=False) & ~Q(dissolved_document="")),
                name="party_partyorganisation_dissolved_by_document",
            ),
            models.UniqueConstraint(
                fields=["parent", "name"],
                condition=Q(dissolved_on=None),
                nulls_distinct=False,
                name="party_partyorganisation_name_once_under_parent",
                violation_error_message="同一上级下已有同名党组织。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("party:organisation", args=[self.pk])

    def roles_of(self, user) -> frozenset[Role]:
        """Roles held everywhere, and PARTY_SECRETARY by a post here or above."""
        if self.pk in organisations_kept_by(user):
            return user.global_roles | {Role.PARTY_SECRETARY}
        return user.global_roles


class CoveredUnit(models.Model):
    """A member company whose people belong to the organisation, both days included."""

    organisation = models.ForeignKey(
        PartyOrganisation,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        related_name="covered_units",
    )
    unit = models.ForeignKey(
        MemberUnit, verbose_name="会员单位", on_delete=models.PROTECT, related_name="party_covers"
    )
    starts_on = models.DateField("自")
    ends_on = models.DateField("至", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "覆盖单位"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "unit"],
                condition=Q(ends_on=None),
                name="party_coveredunit_once_while_open",
                violation_error_message="这家单位已在覆盖范围里。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="party_coveredunit_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}·{self.unit_id}"


class PostQuerySet(models.QuerySet):
    def current(self) -> "PostQuerySet":
        """Posts held today; one that was ended opens no door from that moment on."""
        today = TruncDate(Now())
        return self.filter(
            Q(ends_on=None) | Q(ends_on__gte=today, ended_at=None), starts_on__lte=today
        )

    def opening_doors(self) -> "PostQuerySet":
        """Posts of today by which a login keeps the Party ledger, confirmed by a second person."""
        return self.current().filter(
            role__in=KEEPER_ROLES,
            user__isnull=False,
            access_confirmed_at__isnull=False,
            organisation__dissolved_on=None,
        )

    def visible_to(self, user) -> "PostQuerySet":
        """Posts of the organisations the person keeps; those of the association with them.

        Who confirms the access of others sees the posts that ask for it.
        """
        kept = organisations_kept_by(user)
        sight = Q(organisation__in=kept)
        if kept:
            sight |= Q(organisation=None)
        if allowed_somewhere(user, Permission.PARTY_FOUND):
            sight |= Q(role__in=KEEPER_ROLES)
        return self.filter(sight)


class Post(models.Model):
    """A post held by a person from one day to another; ended, never deleted.

    The place is a Party organisation; for an instructor (指导员) also a company without one; for
    the association's own posts it is empty. ``user`` is the login by which the holder of a
    keeper's post sees Party data: asked for by one person, confirmed by a second.
    """

    organisation = models.ForeignKey(
        PartyOrganisation,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
    )
    unit = models.ForeignKey(
        MemberUnit,
        verbose_name="联系单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="party_posts",
    )
    role = models.CharField("岗位", max_length=32, choices=PostRole.choices)
    name = models.CharField("姓名", max_length=50)
    member = models.ForeignKey(
        "party.PartyMember",
        verbose_name="党员",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
    )
    user = user_reference("party_posts", "登录账号", null=True, blank=True)
    from_outside = models.CharField("派出单位", max_length=80, blank=True)
    document = models.CharField("任职文号", max_length=80, blank=True)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至", null=True, blank=True)
    created_at = models.DateTimeField("登记时间")
    created_by = user_reference("+", "登记人", null=True, blank=True)
    access_confirmed_at = models.DateTimeField("登录确认时间", null=True, blank=True)
    access_confirmed_by = user_reference("+", "登录确认人", null=True, blank=True)
    ended_at = models.DateTimeField("免职登记时间", null=True, blank=True)
    ended_by = user_reference("+", "免职登记人", null=True, blank=True)
    ended_reason = models.CharField("免职原因", max_length=200, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党务岗位"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=PostRole.values), name="party_post_role_known"
            ),
            models.CheckConstraint(
                condition=Q(role__in=sorted(ORGANISATION_ROLES), organisation__isnull=False)
                & Q(unit=None)
                | Q(role=PostRole.COACH, organisation__isnull=False, unit=None)
                | Q(role=PostRole.COACH, organisation=None, unit__isnull=False)
                | Q(role__in=sorted(ASSOCIATION_ROLES), organisation=None, unit=None),
                name="party_post_place_fits_role",
            ),
            models.UniqueConstraint(
                fields=["organisation", "role"],
                condition=Q(ends_on=None, role__in=sorted(SINGLE_ROLES)),
                name="party_post_one_seat",
                violation_error_message="这个岗位已经有人，请先办理免职。",
            ),
            models.UniqueConstraint(
                fields=["organisation", "unit", "role", "name", "user"],
                condition=Q(ends_on=None),
                nulls_distinct=False,
                name="party_post_once_while_open",
                violation_error_message="这个人已经在这个岗位上。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="party_post_days_in_order",
            ),
            both_or_neither("ended_at", "ended_by", name="party_post_ended_pair"),
            both_or_neither(
                "access_confirmed_at", "access_confirmed_by", name="party_post_access_pair"
            ),
            models.CheckConstraint(
                condition=Q(access_confirmed_by=None)
                | (
                    Q(user__isnull=False)
                    & ~Q(access_confirmed_by=F("created_by"))
                    & ~Q(access_confirmed_by=F("user"))
                ),
                name="party_post_access_by_second_person",
            ),
        ]
        indexes = [models.Index(fields=["user", "role"], name="party_post_by_user")]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_role_display()}）"

    @property
    def audit_label(self) -> str:
        """What the audit trail of the house may call it: the post, not who holds it."""
        return self.get_role_display()

    def roles_of(self, user) -> frozenset[Role]:
        """Roles on the organisation; the association's posts are kept with any of them."""
        if self.organisation is not None:
            return self.organisation.roles_of(user)
        if organisations_kept_by(user):
            return user.global_roles | {Role.PARTY_SECRETARY}
        return user.global_roles


def organisations_kept_by(user) -> frozenset[int]:
    """Return the pks of the organisations whose ledger the person keeps; once per request."""
    kept = getattr(user, "_party_organisations", None)
    if kept is None:
        roots = posts_opening_doors_of(user)
        below = PartyOrganisation.objects.below(roots).values_list("pk", flat=True)
        kept = user._party_organisations = frozenset(below) if roots else frozenset()
    return kept


def posts_opening_doors_of(user) -> frozenset[int]:
    """Return the organisations at which the person has a keeper's post; once per request."""
    roots = getattr(user, "_party_roots", None)
    if roots is None:
        if not user.is_authenticated or not user.is_active:
            return frozenset()
        posts = user.party_posts.opening_doors()
        roots = user._party_roots = frozenset(posts.values_list("organisation_id", flat=True))
    return roots


def party_roles(user) -> frozenset[Role]:
    """Scoped roles that the person holds at any Party organisation today."""
    return frozenset({Role.PARTY_SECRETARY}) if posts_opening_doors_of(user) else frozenset()
