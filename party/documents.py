"""Papers of the Party room: the minutes of a meeting, the register and the work list as sheets."""

from collections.abc import Iterable

from django.utils.timezone import localtime

from association.pdf import render_pdf
from association.sheet_writing import workbook
from party.enums import MeetingKind, Presence
from party.models import Meeting, PartyMember, WorkTask
from party.queries import meetings as queries
from party.queries.members import masked_numbers

MINUTES_TEMPLATE = "documents/party_minutes.html"


def minutes_pdf(meeting: Meeting) -> bytes:
    """Return the minutes with roll and votes, to be printed and signed."""
    roll = list(meeting.roll.select_related("member").order_by("member__name", "pk"))
    here = {
        presence: [entry for entry in roll if entry.presence == presence]
        for presence in Presence.values
    }
    context = {
        "meeting": meeting,
        "moment": localtime(meeting.starts_at),
        "kinds": [MeetingKind(kind).label for kind in meeting.counts_for],
        "roll": queries.roll_of(meeting),
        "present": here[Presence.PRESENT],
        "away": [*here[Presence.EXCUSED], *here[Presence.ABSENT]],
        "motions": queries.standing_motions(meeting),
        "is_joint": meeting.kind == MeetingKind.JOINT,
        "organisation": {"name": meeting.organisation.name},
    }
    return render_pdf(MINUTES_TEMPLATE, context)


REGISTER = (
    "姓名", "党员类别", "党员权利", "党组织", "党小组", "组织关系", "流动", "工作单位", "职务",
    "身份证号（头尾）", "手机号（头尾）", "单独同意", "官方系统",
)  # fmt: skip
WORK_LIST = ("代码", "基本", "类别", "事项", "周期", "指标", "责任人", "期限", "状态")


def register_workbook(members: Iterable[PartyMember]) -> bytes:
    """Return the register as a sheet; a whole number is never in it."""
    rows = []
    for member in members:
        numbers = masked_numbers(member)
        rows.append(
            (
                member.name,
                member.get_standing_display(),
                member.get_rights_display(),
                member.organisation.name,
                member.group.name if member.group else "",
                member.get_relation_display(),
                "是" if member.is_floating else "",
                member.unit.name if member.unit else "",
                member.job,
                numbers["id_number"],
                numbers["phone"],
                "已登记" if member.consent_id else "未登记",
                member.get_official_system_display(),
            )
        )
    widths = (10, 12, 10, 28, 14, 10, 6, 28, 14, 22, 16, 10, 12)
    return workbook([("党员名册", REGISTER, rows)], widths=widths)


def work_list_workbook(tasks: Iterable[WorkTask]) -> bytes:
    """Return the work list of a year as a sheet."""
    rows = [
        (
            task.item.code,
            task.item.basic,
            task.item.category,
            task.item.name,
            task.period,
            task.item.indicator,
            task.owner_name,
            task.due_on,
            task.get_state_display(),
        )
        for task in tasks
    ]
    return workbook([("责任清单", WORK_LIST, rows)], widths=(8, 14, 18, 30, 12, 36, 12, 12, 10))
