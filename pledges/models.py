"""Pledge texts, the yearly campaign that asks for signatures, and each shop's pledge."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.permissions import allowed_somewhere
from accounts.roles import GRANTS, Permission, Role
from association.canonical_json import sha256_hex
from association.models import StoredFile, both_or_neither, user_reference
from members.enums import PharmacyStatus
from members.models import MemberUnit, Pharmacy
from pledges.enums import (
    BreachState,
    ConfirmedWith,
    NamesFor,
    OfferState,
    PledgeState,
    SigningWay,
    SourceKind,
)


class PledgeTextQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PledgeTextQuerySet":
        """All versions for those who follow the signatures of several shops."""
        return self if follows_campaigns(user) else self.none()


class PledgeText(models.Model):
    """One version of the wording (承诺书文本); never changed after the first signature under it.

    A database trigger refuses to touch a frozen text or its clauses. A new wording is a new
    version with its own rows.
    """

    title = models.CharField("名称", max_length=100)
    version = models.CharField("版本", max_length=20)
    preamble = models.TextField("引言")
    term_months = models.PositiveSmallIntegerField("有效月数", default=12)
    adopted_note = models.CharField("通过情况", max_length=100, blank=True)
    source = models.CharField("来源", max_length=200, blank=True)
    created_at = models.DateTimeField("建立时间")
    frozen_at = models.DateTimeField("定稿时间", null=True, blank=True)

    objects = PledgeTextQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "承诺书文本"
        constraints = [
            models.UniqueConstraint(
                fields=["title", "version"],
                name="pledges_pledgetext_version_unique",
                violation_error_message="这一版本已经存在。",
            ),
            models.CheckConstraint(
                condition=Q(term_months__gt=0), name="pledges_pledgetext_term_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.version} 版）"

    def roles_of(self, user) -> frozenset[Role]:
        """Granted roles, those limited to an area included: a wording has no place."""
        return frozenset(user.area_roles)

    def digest(self) -> str:
        """Return the SHA-256 of the wording: what a signature stands under."""
        clauses = self.clauses.order_by("seq").values("seq", "key", "title", "text")
        return sha256_hex(
            {
                "title": self.title,
                "version": self.version,
                "preamble": self.preamble,
                "clauses": list(clauses),
            }
        )


class Clause(models.Model):
    """One promise of a text, with the rating items and vetoes that it touches.

    ``cites`` holds codes with their register, such as ``item/R01`` or ``veto/V04``.
    """

    text_version = models.ForeignKey(
        PledgeText, verbose_name="承诺书文本", on_delete=models.PROTECT, related_name="clauses"
    )
    seq = models.PositiveSmallIntegerField("序号")
    key = models.SlugField("代码", max_length=40)
    title = models.CharField("标题", max_length=40)
    text = models.TextField("内容")
    cites = models.JSONField("对应条目", default=list, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "承诺条款"
        constraints = [
            models.UniqueConstraint(
                fields=["text_version", "seq"], name="pledges_clause_seq_unique"
            ),
            models.UniqueConstraint(
                fields=["text_version", "key"], name="pledges_clause_key_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq}. {self.title}"


def follows_campaigns(user) -> bool:
    """Whether the person follows the signatures of several shops: by granted roles only."""
    return any(Permission.PLEDGE_VIEW in GRANTS[role] for role in user.area_roles)


class CampaignQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CampaignQuerySet":
        """All campaigns for those who follow signatures of several shops, none for the rest."""
        return self if follows_campaigns(user) else self.none()

    def covering(self, day: date) -> "CampaignQuerySet":
        """Campaigns whose pledges hold on ``day``."""
        return self.filter(starts_on__lte=day, ends_on__gte=day)


class Campaign(models.Model):
    """A call to sign (承诺签署活动): which text, whom it asks, until when, holding how long.

    ``audience`` holds the filters of the shop list; an empty one is every open shop.
    """

    text = models.ForeignKey(
        PledgeText, verbose_name="承诺书文本", on_delete=models.PROTECT, related_name="campaigns"
    )
    year = models.PositiveSmallIntegerField("年度")
    name = models.CharField("名称", max_length=30, blank=True)
    audience = models.JSONField("邀请范围", default=dict, blank=True)
    min_reading_seconds = models.PositiveSmallIntegerField("最短阅读秒数", default=0)
    starts_on = models.DateField("承诺期自")
    ends_on = models.DateField("承诺期至")
    sign_by = models.DateField("请在此日前签署")
    opened_at = models.DateTimeField("发起时间")
    opened_by = user_reference("+", "发起人")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "承诺签署"
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("sign_by"), sign_by__lte=F("ends_on")),
                name="pledges_campaign_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(min_reading_seconds__lte=600), name="pledges_campaign_reading_short"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年度{self.name or '承诺签署'}"

    def roles_of(self, user) -> frozenset[Role]:
        """Granted roles, those limited to an area included: the rows shown keep to the area."""
        return frozenset(user.area_roles)


class PledgeQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PledgeQuerySet":
        """Pledges of the shops that the person may see."""
        if not allowed_somewhere(user, Permission.PLEDGE_VIEW):
            return self.none()
        return self.filter(pharmacy__in=Pharmacy.objects.visible_to(user))

    def holding_on(self, day: date) -> "PledgeQuerySet":
        """Signed pledges whose period includes ``day``."""
        return self.filter(
            state=PledgeState.SIGNED, campaign__starts_on__lte=day, campaign__ends_on__gte=day
        )

    def waiting(self) -> "PledgeQuerySet":
        """Invitations of open shops that nobody has signed yet."""
        return self.filter(state=PledgeState.INVITED, pharmacy__in=Pharmacy.objects.active())

    def unsigned(self) -> "PledgeQuerySet":
        """What was never signed: open invitations of open shops, and those that ran out."""
        not_yet = [PledgeState.INVITED, PledgeState.AWAITING]
        is_open = Q(state__in=not_yet, pharmacy__status=PharmacyStatus.ACTIVE)
        return self.filter(is_open | Q(state=PledgeState.EXPIRED), signed_at=None)

    def overdue(self, *, on: date) -> "PledgeQuerySet":
        """Unsigned pledges whose day to sign has passed."""
        return self.waiting().filter(campaign__sign_by__lt=on)


class Pledge(models.Model):
    """One shop's pledge in one campaign, and its signature once given.

    The signature freezes the digest of the wording and the clauses that were ticked.
    """

    campaign = models.ForeignKey(
        Campaign, verbose_name="承诺签署", on_delete=models.PROTECT, related_name="pledges"
    )
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="pledges"
    )
    # Both come from the campaign by a trigger, so that the database can tell what is asked twice.
    year = models.PositiveSmallIntegerField("年度", default=0, editable=False)
    text_title = models.CharField("承诺书名称", max_length=100, default="", editable=False)
    state = models.CharField(
        "状态", max_length=16, choices=PledgeState.choices, default=PledgeState.INVITED
    )
    invited_at = models.DateTimeField("邀请时间")
    signed_at = models.DateTimeField("签署时间", null=True, blank=True)
    signed_by = user_reference("signed_pledges", "签署人", null=True, blank=True)
    signed_name = models.CharField("签名", max_length=50, blank=True)
    ticked = models.JSONField("已确认条款", default=list, blank=True)
    text_sha256 = models.CharField("文本摘要", max_length=64, blank=True)
    way = models.CharField("签署方式", max_length=16, choices=SigningWay.choices, blank=True)
    drawing = models.TextField("手写签名", blank=True)  # the path of an SVG, checked before
    confirmed_with = models.CharField(
        "身份确认", max_length=16, choices=ConfirmedWith.choices, blank=True
    )
    confirmed_by = user_reference("confirmed_pledges", "确认人", null=True, blank=True)
    # Behind this word anybody reads whether the receipt is real; it never changes.
    receipt_token = models.CharField("回执核验码", max_length=32, blank=True)
    audit_event = models.BigIntegerField("操作记录号", null=True, blank=True)
    lapsed_at = models.DateTimeField("到期登记时间", null=True, blank=True)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "承诺"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PledgeState.values), name="pledges_pledge_state_known"
            ),
            models.UniqueConstraint(
                fields=["pharmacy", "year", "text_title"],
                condition=~Q(state=PledgeState.WITHDRAWN),
                name="pledges_pledge_once_a_year",
                violation_error_message="这家药店在本年度已有这份承诺书。",
            ),
            models.CheckConstraint(
                condition=Q(
                    signed_at=None,
                    signed_by=None,
                    text_sha256="",
                    signed_name="",
                    way="",
                    confirmed_with="",
                    receipt_token="",
                )
                | (
                    Q(signed_at__isnull=False)
                    & ~Q(text_sha256="")
                    & ~Q(signed_name="")
                    & ~Q(receipt_token="")
                    & Q(way__in=SigningWay.values, confirmed_with__in=ConfirmedWith.values)
                ),
                name="pledges_pledge_signature_whole",
            ),
            # A stamped paper has a name and a stamp; nobody of the portal has signed it.
            models.CheckConstraint(
                condition=Q(signed_at=None) | Q(way=SigningWay.PAPER) | Q(signed_by__isnull=False),
                name="pledges_pledge_signed_by_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(way__in=[SigningWay.PAPER, SigningWay.HEAD_OFFICE])
                | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("signed_by")))
                | Q(confirmed_by__isnull=False, signed_by=None),
                name="pledges_pledge_confirmed_by_a_second",
            ),
            models.UniqueConstraint(
                fields=["receipt_token"],
                condition=~Q(receipt_token=""),
                name="pledges_pledge_receipt_token_unique",
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[PledgeState.SIGNED, PledgeState.BREACHED, PledgeState.WITHDRAWN]
                )
                | Q(signed_at__isnull=False),
                name="pledges_pledge_signed_means_signature",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[PledgeState.INVITED, PledgeState.AWAITING])
                | Q(signed_at=None),
                name="pledges_pledge_invited_means_no_signature",
            ),
        ]
        indexes = [
            models.Index(fields=["pharmacy", "-campaign"], name="pledge_by_shop"),
            models.Index(fields=["campaign", "state"], name="pledge_by_campaign"),
        ]

    def __str__(self) -> str:
        return f"承诺书 #{self.pk}"

    @property
    def number(self) -> str:
        """The number on the receipt: year of the campaign and a running number."""
        return f"{self.campaign.year}-{self.pk:06d}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds at the shop of this pledge."""
        return self.pharmacy.roles_of(user)


class SigningDraft(models.Model):
    """What somebody has ticked so far (签署草稿), and since when the page is open to them."""

    pledge = models.ForeignKey(
        Pledge, verbose_name="承诺", on_delete=models.CASCADE, related_name="drafts"
    )
    person = user_reference("+", "填写人")
    ticked = models.JSONField("已勾选条款", default=list)
    opened_at = models.DateTimeField("打开时间")
    saved_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = verbose_name_plural = "签署草稿"
        constraints = [
            models.UniqueConstraint(
                fields=["pledge", "person"], name="pledges_signingdraft_one_each"
            ),
        ]

    def __str__(self) -> str:
        return f"签署草稿 #{self.pk}"


class Receipt(models.Model):
    """One issue of the receipt of a signature (承诺回执): the very file, and its SHA-256.

    A later issue adds what was not known before; the earlier ones stay valid.
    """

    pledge = models.ForeignKey(
        Pledge, verbose_name="承诺", on_delete=models.PROTECT, related_name="receipts"
    )
    issue = models.PositiveSmallIntegerField("第几份")
    file = models.OneToOneField(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="pledge_receipt"
    )
    sha256 = models.CharField("文件摘要", max_length=64, unique=True)
    seal_number = models.PositiveIntegerField("封存号", null=True, blank=True)
    issued_at = models.DateTimeField("签发时间")

    class Meta:
        verbose_name = verbose_name_plural = "承诺回执"
        constraints = [
            models.UniqueConstraint(fields=["pledge", "issue"], name="pledges_receipt_issue_once"),
        ]

    def __str__(self) -> str:
        return f"回执 {self.pledge_id}-{self.issue}"


class MandateQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MandateQuerySet":
        """All for the office and the regulator, their own company's for its people."""
        if follows_campaigns(user):
            return self
        return self.filter(unit__in=MemberUnit.objects.visible_to(user))

    def holding_on(self, day: date) -> "MandateQuerySet":
        """Mandates in force on ``day``; one that was ended holds no more from that moment."""
        return self.filter(starts_on__lte=day, ends_on__gte=day, ended_at=None)


class Mandate(models.Model):
    """A company's word that its head office may sign for its shops (代签授权), with the paper."""

    unit = models.ForeignKey(
        MemberUnit, verbose_name="会员单位", on_delete=models.PROTECT, related_name="mandates"
    )
    paper = models.OneToOneField(
        StoredFile, verbose_name="授权书", on_delete=models.PROTECT, related_name="pledge_mandate"
    )
    starts_on = models.DateField("授权自")
    ends_on = models.DateField("授权至")
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = user_reference("+", "登记人")
    ended_at = models.DateTimeField("终止时间", null=True, blank=True)
    ended_by = user_reference("+", "终止人", null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "代签授权"
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="pledges_mandate_days_in_order"
            ),
            both_or_neither("ended_at", "ended_by", name="pledges_mandate_ended_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}的代签授权"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds at the company, and the granted ones of the office."""
        return self.unit.roles_of(user) | frozenset(user.area_roles)


class OfferQuerySet(models.QuerySet):
    def visible_to(self, user) -> "OfferQuerySet":
        """Those of the pledges that the person may see."""
        return self.filter(pledge__in=Pledge.objects.visible_to(user))


class Offer(models.Model):
    """A signature that needs a second person (待确认的签署): a stamped paper, or a head office's.

    The pledge holds only when that person has accepted it; a refused offer stays readable.
    """

    pledge = models.ForeignKey(
        Pledge, verbose_name="承诺", on_delete=models.PROTECT, related_name="offers"
    )
    way = models.CharField("签署方式", max_length=16, choices=SigningWay.choices)
    state = models.CharField(
        "状态", max_length=16, choices=OfferState.choices, default=OfferState.PENDING
    )
    signed_name = models.CharField("签名", max_length=50)
    drawing = models.TextField("手写签名", blank=True)
    ticked = models.JSONField("已确认条款", default=list, blank=True)
    scan = models.OneToOneField(
        StoredFile,
        verbose_name="扫描件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pledge_offer",
    )
    mandate = models.ForeignKey(
        Mandate,
        verbose_name="代签授权",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="offers",
    )
    offered_at = models.DateTimeField("提交时间")
    offered_by = user_reference("+", "提交人")
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    decided_by = user_reference("+", "确认人", null=True, blank=True)
    reason = models.CharField("未通过的原因", max_length=200, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待确认的签署"
        constraints = [
            models.UniqueConstraint(
                fields=["pledge"],
                condition=Q(state=OfferState.PENDING),
                name="pledges_offer_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(way=SigningWay.PAPER, scan__isnull=False, mandate=None)
                | Q(way=SigningWay.HEAD_OFFICE, scan=None, mandate__isnull=False),
                name="pledges_offer_rests_on_paper_or_mandate",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("offered_by")),
                name="pledges_offer_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state=OfferState.REFUSED) | ~Q(reason=""),
                name="pledges_offer_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[OfferState.PENDING, OfferState.OVERTAKEN], decided_at=None)
                | Q(state__in=[OfferState.ACCEPTED, OfferState.REFUSED], decided_at__isnull=False),
                name="pledges_offer_decided_when_closed",
            ),
            both_or_neither("decided_at", "decided_by", name="pledges_offer_decided_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds at the shop."""
        return self.pledge.roles_of(user)


class BreachLevel(models.Model):
    """One of the five levels (违诺等级): what it leads to, and how it must be decided. Data."""

    level = models.PositiveSmallIntegerField("等级", unique=True)
    title = models.CharField("名称", max_length=40)
    trigger = models.CharField("适用情形", max_length=100)
    measure = models.CharField("措施", max_length=100)
    hearing_days = models.PositiveSmallIntegerField("陈述申辩工作日")
    least_deciders = models.PositiveSmallIntegerField("最少决定人数")
    breaks_pledge = models.BooleanField("承诺停止公示", default=True)
    names_for = models.CharField("公开范围", max_length=16, choices=NamesFor.choices)
    names_days = models.PositiveSmallIntegerField("公开天数", default=0)
    source = models.CharField("来源", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "违诺等级"
        constraints = [
            models.CheckConstraint(
                condition=Q(least_deciders__gte=2), name="pledges_breachlevel_decided_by_several"
            ),
            models.CheckConstraint(
                condition=Q(names_for=NamesFor.NOBODY, names_days=0)
                | (~Q(names_for=NamesFor.NOBODY) & Q(names_days__gt=0)),
                name="pledges_breachlevel_names_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} 级：{self.title}"


class BreachQuerySet(models.QuerySet):
    def visible_to(self, user) -> "BreachQuerySet":
        """Those of pledges in sight; the shop sees one from the notice on."""
        rows = self.filter(pledge__in=Pledge.objects.visible_to(user))
        return rows if follows_campaigns(user) else rows.exclude(state=BreachState.OPENED)

    def standing(self) -> "BreachQuerySet":
        """Decided and neither repaired nor dismissed; an appeal does not lift the measure."""
        return self.filter(state__in=[BreachState.DECIDED, BreachState.APPEALED])


class Breach(models.Model):
    """A promise that a shop has not kept (违诺): the clause, the source, and the way it goes.

    The source is kept as kind, id and label: rooms above bring it down and are not known here.
    """

    pledge = models.ForeignKey(
        Pledge, verbose_name="承诺", on_delete=models.PROTECT, related_name="breaches"
    )
    clause = models.ForeignKey(
        Clause, verbose_name="条款", on_delete=models.PROTECT, related_name="breaches"
    )
    level = models.ForeignKey(
        BreachLevel, verbose_name="等级", on_delete=models.PROTECT, related_name="breaches"
    )
    state = models.CharField(
        "状态", max_length=16, choices=BreachState.choices, default=BreachState.OPENED
    )
    facts = models.TextField("事实")
    source_kind = models.CharField("线索来源", max_length=16, choices=SourceKind.choices)
    source_id = models.CharField("来源编号", max_length=40, blank=True)
    source_label = models.CharField("来源说明", max_length=100)
    opened_at = models.DateTimeField("登记时间")
    opened_by = user_reference("+", "登记人")
    notified_at = models.DateTimeField("告知时间", null=True, blank=True)
    hear_until = models.DateField("申辩截止", null=True, blank=True)
    statement = models.TextField("陈述申辩", blank=True)
    is_waived = models.BooleanField("放弃申辩", default=False)
    heard_at = models.DateTimeField("申辩时间", null=True, blank=True)
    heard_by = user_reference("+", "申辩人", null=True, blank=True)
    measure_ends_on = models.DateField("整改期至", null=True, blank=True)
    names_until = models.DateField("公开到", null=True, blank=True)
    appeal = models.TextField("申诉理由", blank=True)
    appealed_at = models.DateTimeField("申诉时间", null=True, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = user_reference("+", "办结人", null=True, blank=True)
    closed_reason = models.CharField("办结说明", max_length=200, blank=True)

    objects = BreachQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "违诺"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BreachState.values), name="pledges_breach_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[BreachState.OPENED, BreachState.DISMISSED])
                | Q(notified_at__isnull=False, hear_until__isnull=False),
                name="pledges_breach_notified_before_all_else",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "appealed", "repaired"])
                | Q(measure_ends_on__isnull=False),
                name="pledges_breach_measure_has_an_end",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["repaired", "dismissed"], closed_at__isnull=False)
                    & ~Q(closed_reason="")
                )
                | (~Q(state__in=["repaired", "dismissed"]) & Q(closed_at=None)),
                name="pledges_breach_closed_with_reason",
            ),
            both_or_neither("closed_at", "closed_by", name="pledges_breach_closed_pair"),
            both_or_neither("heard_at", "heard_by", name="pledges_breach_heard_pair"),
        ]
        indexes = [models.Index(fields=["state", "-opened_at"], name="breach_by_state")]

    def __str__(self) -> str:
        return f"违诺 #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds at the shop."""
        return self.pledge.roles_of(user)


class BreachFile(models.Model):
    """A paper of the hearing or the appeal (申辩材料), handed in by the shop."""

    breach = models.ForeignKey(
        Breach, verbose_name="违诺", on_delete=models.PROTECT, related_name="files"
    )
    file = models.OneToOneField(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="breach_file"
    )

    class Meta:
        verbose_name = verbose_name_plural = "申辩材料"

    def __str__(self) -> str:
        return f"申辩材料 #{self.pk}"


class BreachDecision(models.Model):
    """What was decided together (集体决定), with the minutes; a second time after an appeal."""

    breach = models.ForeignKey(
        Breach, verbose_name="违诺", on_delete=models.PROTECT, related_name="decisions"
    )
    number = models.PositiveSmallIntegerField("第几次")
    level = models.ForeignKey(
        BreachLevel, verbose_name="等级", on_delete=models.PROTECT, related_name="+"
    )
    reasons = models.TextField("理由")
    deciders = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name="参加决定的人", related_name="+"
    )
    minutes = models.OneToOneField(
        StoredFile, verbose_name="会议记录", on_delete=models.PROTECT, related_name="breach_minutes"
    )
    decided_at = models.DateTimeField("决定时间")
    recorded_by = user_reference("+", "登记人")

    class Meta:
        verbose_name = verbose_name_plural = "违诺处理决定"
        constraints = [
            models.UniqueConstraint(
                fields=["breach", "number"], name="pledges_breachdecision_number_once"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=2), name="pledges_breachdecision_one_appeal"
            ),
        ]

    def __str__(self) -> str:
        return f"处理决定 {self.breach_id}-{self.number}"
