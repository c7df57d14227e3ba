from django.db import models


class Programme(models.TextChoices):
    SIX_ONES = "six_ones", "六个一"
    FURTHER = "further", "其他固定活动"


class Rhythm(models.TextChoices):
    MONTH = "month", "每月"
    QUARTER = "quarter", "每季"
    YEAR = "year", "每年"


class ActivityState(models.TextChoices):
    RECORDED = "recorded", "待核实"
    VERIFIED = "verified", "已核实"
    DISCARDED = "discarded", "已作废"


class Counted(models.TextChoices):
    COUNTED = "counted", "实际清点"
    ESTIMATED = "estimated", "估计"


class PaperKind(models.TextChoices):
    PHOTO = "photo", "照片"
    PAPER = "paper", "签到表等材料"


class CharityCode(models.TextChoices):
    """The bonus items of the rating scheme that a verified activity may earn."""

    CLINIC = "bonus/B01", "参加协会义诊"
    VOLUNTEER = "bonus/B02", "志愿服务"
    WISH = "bonus/B03", "认领并办结群众微心愿"
    DONATION = "bonus/B04", "公益捐赠"
    LECTURE = "bonus/B06", "安全用药宣讲进社区"


class CreditUnit(models.TextChoices):
    TIMES = "times", "次"
    PERSON_HOURS = "person_hours", "人时"
