from django.db import models


class UnitKind(models.TextChoices):
    CHAIN = "chain", "连锁企业"
    SINGLE = "single", "单体药店"


class PharmacyStatus(models.TextChoices):
    ACTIVE = "active", "营业"
    PAUSED = "paused", "停业"
    CLOSED = "closed", "注销"
