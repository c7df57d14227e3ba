from django.db import models


class UnitKind(models.TextChoices):
    CHAIN = "chain", "连锁企业"
    SINGLE = "single", "单体药店"


class PharmacyStatus(models.TextChoices):
    ACTIVE = "active", "营业"
    PAUSED = "paused", "停业"
    CLOSED = "closed", "注销"


class ImportState(models.TextChoices):
    """Where an uploaded sheet (导入批次) stands."""

    READING = "reading", "读取中"
    UNREADABLE = "unreadable", "没能读取"
    MAPPING = "mapping", "待对应列"
    CHECKING = "checking", "核对中"
    CHECKED = "checked", "待确认"
    COMMITTED = "committed", "已写入"
    UNDONE = "undone", "已撤回"
    DISCARDED = "discarded", "已放弃"
    EXPIRED = "expired", "已过期"


class Verdict(models.TextChoices):
    """What the register makes of one row of a sheet."""

    NEW = "new", "新增"
    CHANGED = "changed", "有变化"
    SAME = "same", "无变化"
    ERROR = "error", "有误"
