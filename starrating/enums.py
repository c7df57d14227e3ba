from django.db import models


class SchemeState(models.TextChoices):
    DRAFT = "draft", "起草中"
    PUBLISHED = "published", "已发布"
    RETIRED = "retired", "已停用"


class CycleState(models.TextChoices):
    DRAFT = "draft", "筹备中"
    SELF_REVIEW = "self_review", "自评中"
    REVIEW = "review", "评审中"
    GATED = "gated", "已过质量审核"
    NOTIFIED = "notified", "已告知"
    PUBLICISED = "publicised", "公示中"
    FINAL = "final", "已授牌"
    ARCHIVED = "archived", "已归档"
    CANCELLED = "cancelled", "已取消"


class AssessmentState(models.TextChoices):
    OPEN = "open", "待自评"
    SUBMITTED = "submitted", "待评审"
    RETURNED = "returned", "退回补充"
    REVIEWED = "reviewed", "评审完成"
    DECLINED = "declined", "不参评"
    EXCUSED = "excused", "免评"


class ResultStatus(models.TextChoices):
    """What a result says where it does not say stars; never shown as “0 星”."""

    RATED = "rated", "已评星"
    BELOW_BANDS = "below_bands", "未达星"
    INCOMPLETE = "incomplete", "资料不全"
    VETOED = "vetoed", "暂不授星"
    SUSPENDED = "suspended", "暂停授星"
    WITHDRAWN = "withdrawn", "已撤销"
    EXEMPT = "exempt", "免评"
    TOO_NEW = "too_new", "开业未满"
    DECLINED = "declined", "未参评"
    AWAITING = "awaiting", "待评定"


class MarkKind(models.TextChoices):
    DEPARTMENT = "department", "部门监管评分"
    PUBLIC = "public", "群众口碑评分"
    BONUS = "bonus", "公益加分"


class AwardState(models.TextChoices):
    VALID = "valid", "有效"
    SUSPENDED = "suspended", "暂停"
    WITHDRAWN = "withdrawn", "已撤销"
    EXPIRED = "expired", "已到期"
