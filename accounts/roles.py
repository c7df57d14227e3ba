"""The authority table: which role may do what. Read it aloud to the customer.

*Where* a scoped role holds is not decided here: the pharmacy, the assessment or the Party
organisation answers that through ``roles_of(user)`` (see ``accounts.permissions``).
"""

from enum import StrEnum, auto

from django.db import models


class Role(models.TextChoices):
    SECRETARIAT = "secretariat", "秘书处"
    REVIEWER = "reviewer", "评审员"
    ADJUDICATOR = "adjudicator", "复核员"
    INSPECTOR = "inspector", "检查员"
    REGULATOR = "regulator", "监管部门（只读）"
    PARTY_SECRETARY = "party_secretary", "党支部书记"
    HEAD_OFFICE = "head_office", "连锁总部"
    OWNER = "owner", "药店负责人"
    STAFF = "staff", "药店员工"


class Permission(StrEnum):
    """One right each; the label for people stands in ``PERMISSION_LABELS``."""

    PHARMACY_VIEW = auto()
    PHARMACY_MANAGE = auto()
    PHARMACY_IMPORT = auto()
    PHARMACY_INVITE = auto()
    CYCLE_VIEW = auto()
    CYCLE_MANAGE = auto()
    SCHEME_MANAGE = auto()
    ASSESSMENT_VIEW = auto()
    ASSESSMENT_FILL = auto()
    ASSESSMENT_SUBMIT = auto()
    ASSESSMENT_ENTER_ON_BEHALF = auto()
    ASSESSMENT_ASSIGN = auto()
    ASSESSMENT_REVIEW = auto()
    MARK_ENTER = auto()
    MARK_CONFIRM = auto()
    GATE_SIGN_FIRST = auto()
    GATE_SIGN_SECOND = auto()
    RESULT_VIEW = auto()
    VIOLATION_VIEW = auto()
    VIOLATION_PREPARE = auto()
    VIOLATION_ESTABLISH = auto()
    PLEDGE_VIEW = auto()
    PLEDGE_SIGN = auto()
    PLEDGE_HAND_IN = auto()
    PLEDGE_SIGN_FOR = auto()
    PLEDGE_MANAGE = auto()
    ACTIVITY_VIEW = auto()
    ACTIVITY_MANAGE = auto()
    ACTIVITY_VERIFY = auto()
    ACTIVITY_SIGN_UP = auto()
    PARTY_VIEW = auto()
    PARTY_MANAGE = auto()
    PARTY_REVEAL = auto()
    PARTY_TOTALS_VIEW = auto()
    PARTY_FOUND = auto()
    COCKPIT_VIEW = auto()
    JOB_VIEW = auto()
    MESSAGE_MANAGE = auto()
    DESK_MANAGE = auto()
    ROLE_GRANT = auto()
    AUDIT_VIEW = auto()


P = Permission

PERMISSION_LABELS: dict[Permission, str] = {
    P.PHARMACY_VIEW: "查看药店",
    P.PHARMACY_MANAGE: "维护会员与药店",
    P.PHARMACY_IMPORT: "导入名册",
    P.PHARMACY_INVITE: "邀请药店账号",
    P.CYCLE_VIEW: "查看评星周期",
    P.CYCLE_MANAGE: "管理评星周期",
    P.SCHEME_MANAGE: "维护评分标准",
    P.ASSESSMENT_VIEW: "查看自评与得分",
    P.ASSESSMENT_FILL: "填写自评",
    P.ASSESSMENT_SUBMIT: "提交或确认自评",
    P.ASSESSMENT_ENTER_ON_BEHALF: "凭纸质件代录自评",
    P.ASSESSMENT_ASSIGN: "分派评审",
    P.ASSESSMENT_REVIEW: "评审自评",
    P.MARK_ENTER: "录入部门评分与口碑评分",
    P.MARK_CONFIRM: "确认手工录入的公益加分",
    P.GATE_SIGN_FIRST: "质量审核第一签",
    P.GATE_SIGN_SECOND: "质量审核第二签",
    P.RESULT_VIEW: "查看评定结果",
    P.VIOLATION_VIEW: "查看违法违规事实",
    P.VIOLATION_PREPARE: "登记违法违规线索",
    P.VIOLATION_ESTABLISH: "认定违法违规事实",
    P.PLEDGE_VIEW: "查看承诺",
    P.PLEDGE_SIGN: "签署承诺",
    P.PLEDGE_HAND_IN: "上传盖章的承诺书",
    P.PLEDGE_SIGN_FOR: "凭授权代门店签署承诺",
    P.PLEDGE_MANAGE: "管理承诺",
    P.ACTIVITY_VIEW: "查看活动",
    P.ACTIVITY_MANAGE: "登记活动",
    P.ACTIVITY_VERIFY: "核实活动",
    P.ACTIVITY_SIGN_UP: "活动报名与签到",
    P.PARTY_VIEW: "查看党组织与党员",
    P.PARTY_MANAGE: "办理党务",
    P.PARTY_REVEAL: "查看党员证件号码和手机号",
    P.PARTY_TOTALS_VIEW: "查看党建汇总数字",
    P.PARTY_FOUND: "设立党组织、授权党务岗位",
    P.COCKPIT_VIEW: "查看辖区概览",
    P.JOB_VIEW: "查看后台任务",
    P.MESSAGE_MANAGE: "管理提醒与消息投递",
    P.DESK_MANAGE: "协会设置",
    P.ROLE_GRANT: "授予角色",
    P.AUDIT_VIEW: "查看操作记录",
}

# Roles granted by ``RoleGrant``, association-wide or within one sub-district.
GLOBAL_ROLES = frozenset(
    {Role.SECRETARIAT, Role.REVIEWER, Role.ADJUDICATOR, Role.INSPECTOR, Role.REGULATOR}
)
# Roles that hold at one place only, answered by that place (members.Position, party.Post).
SCOPED_ROLES = frozenset({Role.PARTY_SECRETARY, Role.HEAD_OFFICE, Role.OWNER, Role.STAFF})
# Who must have a second factor where the installation asks for it.
SECOND_FACTOR_ROLES = GLOBAL_ROLES | {Role.PARTY_SECRETARY}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.SECRETARIAT: frozenset(
        {
            P.PHARMACY_VIEW,
            P.PHARMACY_MANAGE,
            P.PHARMACY_IMPORT,
            P.PHARMACY_INVITE,
            P.CYCLE_VIEW,
            P.CYCLE_MANAGE,
            P.SCHEME_MANAGE,
            P.ASSESSMENT_VIEW,
            P.ASSESSMENT_ENTER_ON_BEHALF,
            P.ASSESSMENT_ASSIGN,
            P.MARK_ENTER,
            P.MARK_CONFIRM,
            P.GATE_SIGN_FIRST,
            P.RESULT_VIEW,
            P.VIOLATION_VIEW,
            P.VIOLATION_PREPARE,
            P.PLEDGE_VIEW,
            P.PLEDGE_MANAGE,
            P.PLEDGE_HAND_IN,
            P.ACTIVITY_VIEW,
            P.ACTIVITY_MANAGE,
            P.ACTIVITY_VERIFY,
            P.PARTY_TOTALS_VIEW,
            P.PARTY_FOUND,
            P.JOB_VIEW,
            P.MESSAGE_MANAGE,
            P.DESK_MANAGE,
            P.ROLE_GRANT,
            P.AUDIT_VIEW,
        }
    ),
    Role.REVIEWER: frozenset(
        {P.PHARMACY_VIEW, P.CYCLE_VIEW, P.ASSESSMENT_VIEW, P.ASSESSMENT_REVIEW, P.RESULT_VIEW}
    ),
    Role.ADJUDICATOR: frozenset(
        {
            P.PHARMACY_VIEW,
            P.CYCLE_VIEW,
            P.ASSESSMENT_VIEW,
            P.MARK_CONFIRM,
            P.GATE_SIGN_SECOND,
            P.RESULT_VIEW,
            P.VIOLATION_VIEW,
            P.VIOLATION_ESTABLISH,
        }
    ),
    Role.INSPECTOR: frozenset(
        {P.PHARMACY_VIEW, P.ASSESSMENT_VIEW, P.RESULT_VIEW, P.VIOLATION_VIEW}
    ),
    Role.REGULATOR: frozenset(
        {
            P.PHARMACY_VIEW,
            P.CYCLE_VIEW,
            P.ASSESSMENT_VIEW,
            P.RESULT_VIEW,
            P.VIOLATION_VIEW,
            P.PLEDGE_VIEW,
            P.ACTIVITY_VIEW,
            P.PARTY_TOTALS_VIEW,
            P.COCKPIT_VIEW,
            P.AUDIT_VIEW,
        }
    ),
    Role.PARTY_SECRETARY: frozenset(
        {
            P.ACTIVITY_VIEW,
            P.ACTIVITY_MANAGE,
            P.PARTY_VIEW,
            P.PARTY_MANAGE,
            P.PARTY_REVEAL,
            P.PARTY_TOTALS_VIEW,
        }
    ),
    Role.HEAD_OFFICE: frozenset(
        {
            P.PHARMACY_VIEW,
            P.ASSESSMENT_VIEW,
            P.ASSESSMENT_FILL,
            P.RESULT_VIEW,
            P.PLEDGE_VIEW,
            P.PLEDGE_SIGN_FOR,
            P.ACTIVITY_VIEW,
            P.ACTIVITY_SIGN_UP,
        }
    ),
    Role.OWNER: frozenset(
        {
            P.PHARMACY_VIEW,
            P.ASSESSMENT_VIEW,
            P.ASSESSMENT_FILL,
            P.ASSESSMENT_SUBMIT,
            P.RESULT_VIEW,
            P.PLEDGE_VIEW,
            P.PLEDGE_SIGN,
            P.PLEDGE_HAND_IN,
            P.ACTIVITY_VIEW,
            P.ACTIVITY_SIGN_UP,
        }
    ),
    Role.STAFF: frozenset(
        {
            P.PHARMACY_VIEW,
            P.ASSESSMENT_VIEW,
            P.ASSESSMENT_FILL,
            P.RESULT_VIEW,
            P.PLEDGE_VIEW,
            P.ACTIVITY_VIEW,
            P.ACTIVITY_SIGN_UP,
        }
    ),
}
