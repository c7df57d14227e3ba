"""Party members: people, not companies. Sensitive: least sight, sealed numbers, own consent."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.roles import Role
from association.encryption import EncryptedTextField
from association.models import AppendOnlyQuerySet, StoredFile, both_or_neither, user_reference
from members.models import MemberUnit
from party.enums import (
    CensusState,
    ConsentWay,
    OfficialSystem,
    OrganisationKind,
    Relation,
    Rights,
    Standing,
)
from party.models.organisations import PartyOrganisation, organisations_kept_by

ID_NUMBER, PHONE = "party.id_number", "party.phone"  # purposes of the blind index


def sealed_with_index(field: str, *, name: str) -> models.CheckConstraint:
    """Keep a sealed column and its blind index both there or both empty."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{field}__isnull": True, f"{field}_index": ""})
        | (Q(**{f"{field}__isnull": False}) & ~Q(**{f"{field}_index": ""})),
    )


class ConsentText(models.Model):
    """What a Party member agrees to (单独同意), in numbered versions; never changed."""

    version = models.PositiveSmallIntegerField("版本", unique=True)
    title = models.CharField("标题", max_length=80)
    body = models.TextField("正文")
    sha256 = models.CharField("正文校验值", max_length=64)
    starts_on = models.DateField("启用日")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "同意书"

    def __str__(self) -> str:
        return f"{self.title}（第{self.version}版）"


class PartyMemberQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PartyMemberQuerySet":
        """The members of the organisations whose ledger the person keeps."""
        return self.filter(organisation__in=organisations_kept_by(user))

    def present(self) -> "PartyMemberQuerySet":
        """Members who have not left."""
        return self.filter(left_on=None)


class PartyMember(models.Model):
    """A Party member (党员) who belongs to, or takes part in the life of, an organisation here.

    ID number and phone are sealed and stand here only while a consent is in force: the database
    refuses them without. ``user`` lets the person read the own record; no role comes with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        PartyOrganisation,
        verbose_name="所在党组织",
        on_delete=models.PROTECT,
        related_name="members",
    )
    group = models.ForeignKey(
        PartyOrganisation,
        verbose_name="党小组",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="group_members",
        limit_choices_to={"kind": OrganisationKind.GROUP},
    )
    name = models.CharField("姓名", max_length=50)
    standing = models.CharField("党员类别", max_length=16, choices=Standing.choices)
    rights = models.CharField(
        "党员权利", max_length=16, choices=Rights.choices, default=Rights.NORMAL
    )
    relation = models.CharField("组织关系", max_length=16, choices=Relation.choices)
    home_organisation = models.CharField("组织关系所在党组织", max_length=80, blank=True)
    joined_on = models.DateField("入党日期", null=True, blank=True)
    full_on = models.DateField("转正日期", null=True, blank=True)
    probation_ends_on = models.DateField("预备期满日", null=True, blank=True)
    is_floating = models.BooleanField("流动党员", default=False)
    floating_since = models.DateField("流出日期", null=True, blank=True)
    floating_to = models.CharField("流入地", max_length=80, blank=True)
    official_system = models.CharField(
        "全国党员管理信息系统",
        max_length=16,
        choices=OfficialSystem.choices,
        default=OfficialSystem.UNKNOWN,
    )
    unit = models.ForeignKey(
        MemberUnit,
        verbose_name="工作单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="party_members",
    )
    job = models.CharField("职务", max_length=40, blank=True)
    is_executive = models.BooleanField("企业高管", default=False)
    id_number = EncryptedTextField("身份证号", null=True, blank=True)
    id_number_index = models.CharField("身份证号索引", max_length=120, blank=True, editable=False)
    phone = EncryptedTextField("手机号", null=True, blank=True)
    phone_index = models.CharField("手机号索引", max_length=120, blank=True, editable=False)
    consent = models.OneToOneField(
        "Consent",
        verbose_name="有效的同意",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name="本人账号",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="party_member",
    )
    left_on = models.DateField("离开日期", null=True, blank=True)
    left_reason = models.CharField("离开原因", max_length=200, blank=True)
    created_at = models.DateTimeField("登记时间")
    created_by = user_reference("+", "登记人", null=True, blank=True)

    objects = PartyMemberQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员"
        constraints = [
            models.CheckConstraint(
                condition=Q(standing__in=Standing.values), name="party_partymember_standing_known"
            ),
            models.CheckConstraint(
                condition=Q(rights__in=Rights.values), name="party_partymember_rights_known"
            ),
            models.CheckConstraint(
                condition=Q(relation=Relation.HERE, home_organisation="")
                | (Q(relation=Relation.ELSEWHERE) & ~Q(home_organisation="")),
                name="party_partymember_relation_names_home",
            ),
            models.CheckConstraint(
                condition=Q(official_system__in=OfficialSystem.values),
                name="party_partymember_official_system_known",
            ),
            models.CheckConstraint(
                condition=Q(consent__isnull=False) | Q(id_number__isnull=True, phone__isnull=True),
                name="party_partymember_numbers_need_consent",
            ),
            sealed_with_index("id_number", name="party_partymember_id_number_pair"),
            sealed_with_index("phone", name="party_partymember_phone_pair"),
            models.UniqueConstraint(
                fields=["id_number_index"],
                condition=Q(left_on=None, relation=Relation.HERE) & ~Q(id_number_index=""),
                name="party_partymember_one_home",
                violation_error_message="这个身份证号的组织关系已登记在另一个党组织。",
            ),
            models.UniqueConstraint(
                fields=["organisation", "id_number_index"],
                condition=Q(left_on=None) & ~Q(id_number_index=""),
                name="party_partymember_once_in_organisation",
                violation_error_message="这个身份证号在本党组织已经登记。",
            ),
            models.CheckConstraint(
                condition=Q(is_floating=True)
                | Q(is_floating=False, floating_since=None, floating_to=""),
                name="party_partymember_floating_says_so",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None, left_reason="")
                | (Q(left_on__isnull=False) & ~Q(left_reason="")),
                name="party_partymember_left_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(joined_on=None) | Q(full_on=None) | Q(joined_on__lte=F("full_on")),
                name="party_partymember_joined_before_full",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name"], name="party_member_by_organisation"),
            models.Index(fields=["phone_index"], name="party_member_by_phone"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_label(self) -> str:
        """What the audit trail of the house may call the person: nobody's name."""
        return "一名党员"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation; being the person gives none."""
        return self.organisation.roles_of(user)


class Consent(models.Model):
    """One member's agreement to one version of the text; withdrawn, never deleted."""

    member = models.ForeignKey(
        PartyMember, verbose_name="党员", on_delete=models.PROTECT, related_name="consents"
    )
    text = models.ForeignKey(
        ConsentText, verbose_name="同意书", on_delete=models.PROTECT, related_name="consents"
    )
    way = models.CharField("方式", max_length=16, choices=ConsentWay.choices)
    paper = models.ForeignKey(
        StoredFile,
        verbose_name="签字件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    given_at = models.DateTimeField("同意时间")
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = user_reference("+", "登记人", null=True, blank=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawn_by = user_reference("+", "撤回登记人", null=True, blank=True)
    withdrawn_reason = models.CharField("撤回说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "单独同意"
        constraints = [
            models.CheckConstraint(
                condition=Q(way__in=ConsentWay.values), name="party_consent_way_known"
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(withdrawn_at=None),
                name="party_consent_one_in_force",
                violation_error_message="已有有效的同意，请先撤回旧的。",
            ),
            both_or_neither("withdrawn_at", "withdrawn_by", name="party_consent_withdrawn_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}·{self.text_id}"


class CensusQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CensusQuerySet":
        """The campaigns of the organisations whose ledger the person keeps."""
        return self.filter(organisation__in=organisations_kept_by(user))


class Census(models.Model):
    """A campaign in which Party members report themselves by a code (亮身份、摸清底数)."""

    organisation = models.ForeignKey(
        PartyOrganisation, verbose_name="党组织", on_delete=models.PROTECT, related_name="censuses"
    )
    title = models.CharField("名称", max_length=60)
    text = models.ForeignKey(
        ConsentText, verbose_name="同意书", on_delete=models.PROTECT, related_name="+"
    )
    # Stands in the signed address of the code; a fresh one makes printed codes worthless.
    code = models.CharField("编号", max_length=32, unique=True, editable=False)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至")
    opened_at = models.DateTimeField("发起时间")
    opened_by = user_reference("+", "发起人")
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    objects = CensusQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "亮身份登记"
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="party_census_days_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.organisation.roles_of(user)


class CensusEntryQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CensusEntryQuerySet":
        """The entries of the campaigns the person may see."""
        return self.filter(census__organisation__in=organisations_kept_by(user))


class CensusEntry(models.Model):
    """What one person reported about themselves; settled by the secretary."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    census = models.ForeignKey(
        Census, verbose_name="登记", on_delete=models.PROTECT, related_name="entries"
    )
    name = models.CharField("姓名", max_length=50)
    workplace = models.CharField("工作单位", max_length=80)
    standing = models.CharField("党员类别", max_length=16, choices=Standing.choices)
    relation_here = models.BooleanField("组织关系在本组织", null=True)
    home_organisation = models.CharField("组织关系所在党组织", max_length=80, blank=True)
    phone = EncryptedTextField("手机号", null=True, blank=True)
    phone_index = models.CharField("手机号索引", max_length=120, blank=True, editable=False)
    sent_at = models.DateTimeField("登记时间")
    state = models.CharField(
        "状态", max_length=16, choices=CensusState.choices, default=CensusState.WAITING
    )
    member = models.ForeignKey(
        PartyMember,
        verbose_name="对应党员",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="census_entries",
    )
    settled_at = models.DateTimeField("核对时间", null=True, blank=True)
    settled_by = user_reference("+", "核对人", null=True, blank=True)
    note = models.CharField("核对说明", max_length=200, blank=True)

    objects = CensusEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "亮身份登记表"
        constraints = [
            models.CheckConstraint(
                condition=Q(standing__in=Standing.values), name="party_censusentry_standing_known"
            ),
            sealed_with_index("phone", name="party_censusentry_phone_pair"),
            both_or_neither("settled_at", "settled_by", name="party_censusentry_settled_pair"),
            models.CheckConstraint(
                condition=Q(state=CensusState.WAITING, settled_at=None, member=None)
                | Q(
                    state__in=[CensusState.MATCHED, CensusState.ADDED],
                    settled_at__isnull=False,
                    member__isnull=False,
                )
                | (
                    Q(state=CensusState.NOT_OURS, settled_at__isnull=False, member=None)
                    & ~Q(note="")
                ),
                name="party_censusentry_settled_as_state_says",
            ),
            # A second report of the same person replaces the first as long as it waits.
            models.UniqueConstraint(
                fields=["census", "name", "phone_index"],
                condition=Q(state=CensusState.WAITING),
                name="party_censusentry_waits_once",
            ),
        ]
        indexes = [models.Index(fields=["census", "state"], name="party_census_by_state")]

    def __str__(self) -> str:
        return self.name

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.census.organisation.roles_of(user)
