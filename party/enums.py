from django.db import models


class OrganisationKind(models.TextChoices):
    INTEGRATED_COMMITTEE = "integrated_committee", "综合党委"
    COMMITTEE = "committee", "党委"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    JOINT_BRANCH = "joint_branch", "联合党支部"
    GROUP = "group", "党小组"


# What holds its own 三会一课; above it stand committees, below it groups.
BRANCH_KINDS = frozenset({OrganisationKind.BRANCH, OrganisationKind.JOINT_BRANCH})
COMMITTEE_KINDS = frozenset({OrganisationKind.INTEGRATED_COMMITTEE, OrganisationKind.COMMITTEE})


class PostRole(models.TextChoices):
    SECRETARY = "secretary", "书记"
    DEPUTY_SECRETARY = "deputy_secretary", "副书记"
    ORGANISATION = "organisation", "组织委员"
    PUBLICITY = "publicity", "宣传委员"
    DISCIPLINE = "discipline", "纪检委员"
    COMMITTEE_MEMBER = "committee_member", "委员"
    GROUP_LEADER = "group_leader", "党小组长"
    FULLTIME_WORKER = "fulltime_worker", "专职党务工作者"
    COACH = "coach", "党建工作指导员"
    PRESIDENT = "president", "会长"
    VICE_PRESIDENT = "vice_president", "副会长"
    SECRETARY_GENERAL = "secretary_general", "秘书长"
    DEPUTY_SECRETARY_GENERAL = "deputy_secretary_general", "副秘书长"


# Posts of the association itself; they stand here for the cross-appointment (交叉任职).
ASSOCIATION_ROLES = frozenset(
    {
        PostRole.PRESIDENT,
        PostRole.VICE_PRESIDENT,
        PostRole.SECRETARY_GENERAL,
        PostRole.DEPUTY_SECRETARY_GENERAL,
    }
)
# Who sits in the committee of the organisation (支委会) and votes there.
COMMITTEE_ROLES = frozenset(
    {
        PostRole.SECRETARY,
        PostRole.DEPUTY_SECRETARY,
        PostRole.ORGANISATION,
        PostRole.PUBLICITY,
        PostRole.DISCIPLINE,
        PostRole.COMMITTEE_MEMBER,
    }
)
# One seat each.
SINGLE_ROLES = frozenset(
    {
        PostRole.SECRETARY,
        PostRole.ORGANISATION,
        PostRole.PUBLICITY,
        PostRole.DISCIPLINE,
        PostRole.GROUP_LEADER,
    }
)
# Who keeps the Party ledger, and so holds PARTY_SECRETARY there and below.
KEEPER_ROLES = frozenset(
    {
        PostRole.SECRETARY,
        PostRole.DEPUTY_SECRETARY,
        PostRole.ORGANISATION,
        PostRole.GROUP_LEADER,
        PostRole.FULLTIME_WORKER,
    }
)


class Standing(models.TextChoices):
    FULL = "full", "正式党员"
    PROBATIONARY = "probationary", "预备党员"


class Rights(models.TextChoices):
    NORMAL = "normal", "权利正常"
    ON_WATCH = "on_watch", "留党察看"
    SUSPENDED = "suspended", "权利中止"


class Relation(models.TextChoices):
    HERE = "here", "组织关系在本支部"
    ELSEWHERE = "elsewhere", "组织关系在别处（双重组织生活）"


class OfficialSystem(models.TextChoices):
    """Whether the national system of Party members knows the person here; we only note it."""

    RECORDED = "recorded", "已录入"
    NOT_RECORDED = "not_recorded", "未录入"
    UNKNOWN = "unknown", "不清楚"


class ConsentWay(models.TextChoices):
    PAPER = "paper", "纸质签字"
    CENSUS = "census", "扫码登记时勾选"
    LOGIN = "login", "本人登录后确认"


class CensusState(models.TextChoices):
    WAITING = "waiting", "待核对"
    MATCHED = "matched", "已对上"
    ADDED = "added", "新登记"
    NOT_OURS = "not_ours", "不属于本组织"


class MeetingKind(models.TextChoices):
    GENERAL = "general", "支部党员大会"
    COMMITTEE = "committee", "支部委员会"
    GROUP = "group", "党小组会"
    LECTURE = "lecture", "党课"
    THEME_DAY = "theme_day", "主题党日"
    LIFE = "life", "组织生活会"
    JOINT = "joint", "党政联席会"


# What one occasion may count for besides its own kind: a lecture given on the theme day.
ALSO_COUNTS_AS: dict[str, tuple[str, ...]] = {
    MeetingKind.GENERAL: (MeetingKind.LECTURE, MeetingKind.THEME_DAY, MeetingKind.LIFE),
    MeetingKind.COMMITTEE: (MeetingKind.LIFE,),
    MeetingKind.GROUP: (MeetingKind.LIFE,),
    MeetingKind.THEME_DAY: (MeetingKind.LECTURE,),
    MeetingKind.LECTURE: (),
    MeetingKind.LIFE: (),
    MeetingKind.JOINT: (),
}


class MeetingState(models.TextChoices):
    PLANNED = "planned", "筹备中"
    ANNOUNCED = "announced", "已通知"
    HELD = "held", "已召开，待归档"
    CLOSED = "closed", "已归档"
    CANCELLED = "cancelled", "已取消"
    DISCARDED = "discarded", "已作废"


class Presence(models.TextChoices):
    PRESENT = "present", "到会"
    EXCUSED = "excused", "请假"
    ABSENT = "absent", "缺席"


class Ballot(models.TextChoices):
    SHOW_OF_HANDS = "hands", "举手表决"
    SECRET = "secret", "无记名投票"


class MeetingPaperKind(models.TextChoices):
    ROLL = "roll", "签到表"
    MINUTES = "minutes", "签字的会议记录"
    MATERIAL = "material", "教案、材料"
    PHOTO = "photo", "照片"


class WorkState(models.TextChoices):
    NOT_STARTED = "not_started", "未开始"
    IN_PROGRESS = "in_progress", "进行中"
    IN_REVIEW = "in_review", "待审核"
    DONE = "done", "已完成"
    RETURNED = "returned", "退回"
    NOT_APPLICABLE = "not_applicable", "不适用"


class ProblemState(models.TextChoices):
    OPEN = "open", "待整改"
    SOLVED = "solved", "已报成效，待验收"
    ACCEPTED = "accepted", "已销号"


class RuleStatus(models.TextChoices):
    VERIFIED = "verified", "已核对原文"
    SECONDARY = "secondary", "转述，未见原文"
    CONFLICT = "conflict", "各处说法不一"
    UNVERIFIED = "unverified", "未核实"
    LOCAL = "local", "上级规定"
