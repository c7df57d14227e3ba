"""The plan of a year as it stood when it was fixed: versions that can be compared."""

from django.db import models

from activities.models.duties import follows_programme
from association.models import user_reference


class PlanVersionQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PlanVersionQuerySet":
        """All versions for those who keep or follow the programme."""
        return self if follows_programme(user) else self.none()


class PlanVersion(models.Model):
    """The activities of a year on one day: ``rows`` are plain values, one for each activity."""

    year = models.PositiveSmallIntegerField("年度")
    number = models.PositiveSmallIntegerField("第几版")
    rows = models.JSONField("安排", default=list)
    note = models.CharField("说明", max_length=200, blank=True)
    saved_at = models.DateTimeField("定稿时间")
    saved_by = user_reference("+", "定稿人")

    objects = PlanVersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "年度计划"
        constraints = [
            models.UniqueConstraint(
                fields=["year", "number"], name="activities_planversion_number_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年计划第 {self.number} 版"
