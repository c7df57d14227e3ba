from django.db import models


class Programme(models.TextChoices):
    SIX_ONES = "six_ones", "六个一"
    PARTY_LIFE = "party_life", "三会一课与组织生活"
    MEETINGS = "meetings", "会议制度"
    FURTHER = "further", "其他固定活动"
    PARTY_WORK = "party_work", "支部日常工作"
    COMPLIANCE = "compliance", "合规事项"


class Kind(models.TextChoices):
    """The colour of an entry in the calendar."""

    PARTY = "party", "党建"
    VOLUNTEER = "volunteer", "志愿公益"
    TRAINING = "training", "培训"
    MEETING = "meeting", "会务"


class Rhythm(models.TextChoices):
    WEEK = "week", "每周"
    MONTH = "month", "每月"
    QUARTER = "quarter", "每季"
    HALF = "half", "每半年"
    YEAR = "year", "每年"
    RECORD = "record", "按记录"  # the day stands in a record: a licence, a term of office


class Shift(models.TextChoices):
    NONE = "none", "不调整"
    NEXT = "next_workday", "顺延到下一个工作日"
    PREVIOUS = "prev_workday", "提前到上一个工作日"


class OwedBy(models.TextChoices):
    ASSOCIATION = "association", "协会"
    BRANCH = "branch", "党支部"
    GROUP = "group", "党小组"


class AppliesIf(models.TextChoices):
    ALWAYS = "", "都适用"
    COMMITTEE = "committee", "设支部委员会的"


class SourceStatus(models.TextChoices):
    VERIFIED = "verified", "已核对原文"
    SECONDARY = "secondary", "转引"
    CONFLICT = "conflict", "说法不一"
    UNVERIFIED = "unverified", "未核实"
    PRACTICE = "practice", "本会做法"


class ActivityState(models.TextChoices):
    PLANNED = "planned", "已排期"
    PUBLISHED = "published", "已发布"
    CANCELLED = "cancelled", "已取消"
    RECORDED = "recorded", "待核实"
    VERIFIED = "verified", "已核实"
    DISCARDED = "discarded", "已作废"


class Audience(models.TextChoices):
    """Who sees a published activity; the office sees all."""

    OFFICE = "office", "内部安排"
    MEMBERS = "members", "会员药店"
    PUBLIC = "public", "会员药店和公众"


class SignUpState(models.TextChoices):
    TAKEN = "taken", "已报名"
    WAITING = "waiting", "候补中"
    OFFERED = "offered", "有名额待确认"
    WITHDRAWN = "withdrawn", "已取消报名"
    LAPSED = "lapsed", "逾期未确认"


class CheckIn(models.TextChoices):
    LIST = "list", "登记"
    TICK = "tick", "现场勾选"
    CODE = "code", "扫码"


class JointCode(models.TextChoices):
    """八联八通: the eight programmes of the Kuancheng case that one record may be filed under."""

    ORGANISATION = "L1", "组织联设"
    MEMBERS = "L2", "党员联教"
    ACTIVITIES = "L3", "活动联办"
    PLACES = "L4", "阵地联建"
    SERVICE = "L5", "服务联动"
    TALENT = "L6", "人才联育"
    RESOURCES = "L7", "资源联享"
    HONESTY = "L8", "诚信联创"


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


class FeedKind(models.TextChoices):
    """Whose calendar a feed is; the public one needs no record and no secret."""

    PERSONAL = "personal", "我的日历"
    SHOP = "shop", "药店日历"
    BRANCH = "branch", "支部日历"
