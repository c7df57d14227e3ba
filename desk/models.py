"""What the association says about itself."""

from django.db import models
from django.db.models import Q

from association.models import StoredFile, both_or_neither, user_reference

ONLY = 1


class AssociationProfile(models.Model):
    """The association of this installation: names, contact, who signs. There is one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    name = models.CharField("协会全称", max_length=60)
    short_name = models.CharField("简称", max_length=20, blank=True)
    mark = models.ForeignKey(
        StoredFile,
        verbose_name="标识",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    address = models.CharField("地址", max_length=120, blank=True)
    contact_phone = models.CharField("联系电话", max_length=40, blank=True)
    complaint_phone = models.CharField("投诉电话", max_length=40, blank=True)
    certificate_signer = models.CharField("证书落款", max_length=60, blank=True)
    certificate_number_pattern = models.CharField(
        "证书编号格式", max_length=60, default="{year}-{number:04}"
    )
    filings_footer = models.CharField("备案信息", max_length=200, blank=True)
    set_up_at = models.DateTimeField("完成首次设置时间", null=True, blank=True)
    set_up_by = user_reference("+", "完成首次设置的人", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "协会资料"
        constraints = [
            models.CheckConstraint(condition=Q(id=ONLY), name="desk_associationprofile_only_one"),
            both_or_neither("set_up_at", "set_up_by", name="desk_associationprofile_set_up_pair"),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name
