"""Scheme versions: the rules of the stars as data, frozen once a cycle rests on them."""

from django.db import models
from django.db.models import F, Q

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from association.models import both_or_neither, user_reference
from starrating import scheme_format
from starrating.enums import SchemeState


class SchemeQuerySet(models.QuerySet):
    def visible_to(self, user) -> "SchemeQuerySet":
        """All versions for those who work on cycles; the shops read the published ones."""
        if allowed_somewhere(user, Permission.CYCLE_VIEW):
            return self
        if allowed_somewhere(user, Permission.ASSESSMENT_VIEW):
            return self.exclude(state=SchemeState.DRAFT)
        return self.none()

    def published(self) -> "SchemeQuerySet":
        """Versions on which a cycle may open."""
        return self.filter(state=SchemeState.PUBLISHED)


class Scheme(models.Model):
    """One version of the rating scheme (评分标准): a document, its hash and its legal frame.

    The document is the truth (``starrating.scheme_format`` reads it); a trigger refuses to
    change it once published.
    """

    title = models.CharField("名称", max_length=100)
    version = models.CharField("版本", max_length=20)
    document = models.JSONField("标准正文")
    document_hash = models.CharField("正文 SHA-256", max_length=64)
    state = models.CharField(
        "状态", max_length=16, choices=SchemeState.choices, default=SchemeState.DRAFT
    )
    basis_title = models.CharField("依据文件", max_length=200, blank=True)
    basis_number = models.CharField("文号", max_length=60, blank=True)
    organiser = models.CharField("组织单位", max_length=100, blank=True)
    valid_from = models.DateField("自", null=True, blank=True)
    valid_to = models.DateField("至", null=True, blank=True)
    declares_no_fee = models.BooleanField("声明不向参评药店收费", default=False)
    created_at = models.DateTimeField("建立时间")
    created_by = user_reference("+", "建立人", null=True, blank=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = user_reference("+", "发布人", null=True, blank=True)

    objects = SchemeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评分标准"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=SchemeState.values), name="starrating_scheme_state_known"
            ),
            models.UniqueConstraint(
                fields=["title", "version"], name="starrating_scheme_version_unique"
            ),
            both_or_neither(
                "published_at", "published_by", name="starrating_scheme_published_pair"
            ),
            models.CheckConstraint(
                condition=Q(state=SchemeState.DRAFT)
                | (
                    ~Q(basis_title="")
                    & ~Q(basis_number="")
                    & ~Q(organiser="")
                    & Q(valid_from__isnull=False)
                    & Q(valid_to__gt=F("valid_from"))
                    & Q(declares_no_fee=True)
                    & Q(published_at__isnull=False)
                ),
                name="starrating_scheme_legal_frame_before_publishing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

    def roles_of(self, user) -> frozenset[Role]:
        """A scheme is the association's: granted roles hold on it only where held everywhere."""
        return user.global_roles

    @property
    def rules(self) -> scheme_format.Scheme:
        """The document as the engine reads it; read once per process and document."""
        known = _RULES.get(self.document_hash)
        if known is None:
            known = _RULES[self.document_hash] = scheme_format.load(self.document)
        return known


# By document hash: a process meets a handful of schemes in its life.
_RULES: dict[str, scheme_format.Scheme] = {}
