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
