"""What people type in the Party room."""

from datetime import datetime, time

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone

from members.models import MemberUnit
from party.enums import (
    ASSOCIATION_ROLES,
    KEEPER_ROLES,
    Ballot,
    MeetingKind,
    MeetingPaperKind,
    OfficialSystem,
    OrganisationKind,
    PostRole,
    Relation,
    Rights,
    Standing,
)
from party.models import PartyMember, PartyOrganisation
from party.rule_words import number_leaves

MID = {"class": "inp inp-mid"}
NUMBER = {"class": "inp inp-num", "inputmode": "numeric", "min": 0}
DAY = {"type": "date", "class": "inp inp-mid"}
FILE = forms.FileInput(attrs={"class": "inp"})
CLOCK = forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "inp inp-num"})
ALSO = (MeetingKind.LECTURE, MeetingKind.THEME_DAY, MeetingKind.LIFE)
DAY_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d"]


class DayField(forms.DateField):
    """A day, from the browser's own calendar or typed as clerks write it."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs=DAY)

    def __init__(self, **options):
        super().__init__(input_formats=DAY_FORMATS, **options)


class ReasonForm(forms.Form):
    """Why a counter-act is done."""

    reason = forms.CharField(
        label="原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2, "class": "inp"})
    )


class UnitField(forms.CharField):
    """A company of the association, by its name: there are too many to choose from a list."""

    def __init__(self, **options):
        options.setdefault("label", "会员单位")
        options.setdefault("help_text", "照会员名册写全称，或写其中几个字。")
        super().__init__(max_length=100, **options)
        self.widget.attrs.update({"class": "inp", "list": "units", "autocomplete": "off"})

    def clean(self, value):
        typed = super().clean(value)
        if not typed:
            return None
        exact = list(MemberUnit.objects.filter(name=typed)[:1])
        found = exact or list(MemberUnit.objects.all().matching(typed).order_by("pk")[:2])
        if not found:
            raise forms.ValidationError(f"会员名册里没有“{typed}”，请核对名称。")
        if len(found) > 1:
            raise forms.ValidationError(f"不止一家单位的名称含“{typed}”，请写全称。")
        return found[0]


class LoginField(forms.CharField):
    """An account by its login name; people without one leave it empty."""

    def __init__(self, **options):
        options.setdefault("label", "登录账号")
        options.setdefault("required", False)
        super().__init__(max_length=150, **options)
        self.widget.attrs.update({"class": "inp inp-mid", "autocomplete": "off"})

    def clean(self, value):
        typed = super().clean(value)
        if not typed:
            return None
        user = get_user_model().objects.filter(username=typed, is_active=True).first()
        if user is None:
            raise forms.ValidationError("没有这个登录名，或账号已停用。请在“账号与角色”里核对。")
        return user


# ------------------------------------------------------------------ organisations


class OrganisationForm(forms.Form):
    """An organisation as its superior has approved it."""

    name = forms.CharField(label="名称", max_length=80, help_text="照批复写全称。")
    kind = forms.ChoiceField(label="类型", choices=OrganisationKind.choices)
    parent = forms.ModelChoiceField(
        label="上级党组织",
        queryset=PartyOrganisation.objects.none(),
        required=False,
        empty_label="不在本系统内",
    )
    superior = forms.CharField(
        label="系统外的上级",
        max_length=80,
        required=False,
        help_text="上级不在本系统内时写它的名称，例如“示例区社会组织党委”。",
    )
    founded_on = DayField(label="成立日期", required=False)
    document = forms.CharField(
        label="批复文号", max_length=80, required=False, widget=forms.TextInput(attrs=MID)
    )
    has_committee = forms.BooleanField(label="设支部委员会", required=False)

    def __init__(self, *args, parents, **options):
        super().__init__(*args, **options)
        self.fields["parent"].queryset = parents

    @staticmethod
    def initial_of(organisation: PartyOrganisation) -> dict:
        names = ("name", "kind", "parent", "superior", "founded_on", "document", "has_committee")
        return {name: getattr(organisation, name) for name in names}


class TermForm(forms.Form):
    """An election: the day, and the paper that approves it."""

    elected_on = DayField(label="当选日期", help_text="任期届满日由系统按规则推算。")
    document = forms.CharField(label="批复文号", max_length=80, widget=forms.TextInput(attrs=MID))


class ShiftTermForm(forms.Form):
    """An end of the term that the superior has moved."""

    ends_on = DayField(label="改到哪一天届满")
    document = forms.CharField(label="批复文号", max_length=80, widget=forms.TextInput(attrs=MID))


class DissolveForm(forms.Form):
    """The end of an organisation."""

    on = DayField(label="撤销日期")
    document = forms.CharField(label="批复文号", max_length=80, widget=forms.TextInput(attrs=MID))


class CoverForm(forms.Form):
    """A company that comes under the organisation's care."""

    unit = UnitField()
    starts_on = DayField(label="自")


class UncoverForm(forms.Form):
    """The last day of a company under the organisation's care."""

    ends_on = DayField(label="移出日期")


ORGANISATION_ROLES = [
    (role, label)
    for role, label in PostRole.choices
    if role not in ASSOCIATION_ROLES and role != PostRole.GROUP_LEADER
]


class PostForm(forms.Form):
    """A post of an organisation and who holds it."""

    role = forms.ChoiceField(label="岗位")
    member = forms.ModelChoiceField(
        label="党员",
        queryset=PartyMember.objects.none(),
        required=False,
        empty_label="不在本系统的党员名册里",
        help_text="从名册里选，支委会点名和交叉任职靠它认人。",
    )
    name = forms.CharField(
        label="姓名",
        max_length=50,
        required=False,
        help_text="选了党员就不用填。",
        widget=forms.TextInput(attrs=MID),
    )
    from_outside = forms.CharField(
        label="派出单位",
        max_length=80,
        required=False,
        help_text="上级选派的专职党务工作者、指导员写这一栏。",
    )
    starts_on = DayField(label="任职日期")
    document = forms.CharField(
        label="任职文号", max_length=80, required=False, widget=forms.TextInput(attrs=MID)
    )
    user = LoginField(
        help_text="书记、副书记、组织委员、党小组长和专职党务工作者可以登录经办台账；要另一位确认才开通。"
    )

    def __init__(self, *args, roles, members, **options):
        super().__init__(*args, **options)
        self.fields["role"].choices = roles
        self.fields["member"].queryset = members
        if not any(role in KEEPER_ROLES for role, _ in roles):
            del self.fields["user"]

    def clean(self):
        data = super().clean()
        if not data.get("name"):
            if data.get("member") is None:
                self.add_error("name", "请从名册选党员，或写姓名。")
            else:
                data["name"] = data["member"].name
        return data


class IdentifyForm(forms.Form):
    """Which member on the register holds a post."""

    member = forms.ModelChoiceField(
        label="党员", queryset=PartyMember.objects.none(), required=False, empty_label="不在名册里"
    )

    def __init__(self, *args, members, **options):
        super().__init__(*args, **options)
        self.fields["member"].queryset = members


class CoachForm(forms.Form):
    """An instructor for a company without an organisation."""

    unit = UnitField(label="联系单位")
    name = forms.CharField(label="姓名", max_length=50, widget=forms.TextInput(attrs=MID))
    from_outside = forms.CharField(label="派出单位", max_length=80, required=False)
    starts_on = DayField(label="选派日期")
    document = forms.CharField(
        label="选派文号", max_length=80, required=False, widget=forms.TextInput(attrs=MID)
    )


class EndPostForm(forms.Form):
    """The last day of a post."""

    ends_on = DayField(label="免职日期")
    reason = forms.CharField(label="免职原因或文号", max_length=200)


class LocalRuleForm(forms.Form):
    """A stricter rule of the superior: one field for each number of the regulation."""

    organisation = forms.ModelChoiceField(
        label="适用党组织",
        queryset=PartyOrganisation.objects.none(),
        empty_label=None,
        help_text="对它和它下面的党组织都有效。",
    )
    starts_on = DayField(label="施行日")
    source = forms.CharField(
        label="依据", max_length=300, help_text="上级文件的名称和文号。", widget=forms.TextInput
    )

    def __init__(self, *args, rule, organisations, **options):
        super().__init__(*args, **options)
        self.rule = rule
        self.fields["organisation"].queryset = organisations
        for key, label, value in number_leaves(rule.value):
            self.fields[key] = forms.IntegerField(
                label=label,
                min_value=0,
                max_value=10_000,
                initial=value,
                widget=forms.NumberInput(attrs=NUMBER),
            )

    def value(self):
        """Return the regulation's value with the numbers that were typed."""
        leaves = {key: self.cleaned_data[key] for key, *_ in number_leaves(self.rule.value)}
        if "number" in leaves:
            return leaves["number"]
        return self.rule.value | {
            key.removeprefix("number_"): number for key, number in leaves.items()
        }


# ------------------------------------------------------------------ members


class MemberForm(forms.Form):
    """A Party member as the branch knows them; numbers come later, after the consent."""

    name = forms.CharField(label="姓名", max_length=50, widget=forms.TextInput(attrs=MID))
    standing = forms.ChoiceField(label="党员类别", choices=Standing.choices)
    relation = forms.ChoiceField(label="组织关系", choices=Relation.choices)
    home_organisation = forms.CharField(
        label="组织关系所在党组织",
        max_length=80,
        required=False,
        help_text="只在组织关系不在本支部时填写。",
    )
    group = forms.ModelChoiceField(
        label="党小组", queryset=PartyOrganisation.objects.none(), required=False
    )
    unit = UnitField(label="工作单位", required=False)
    job = forms.CharField(
        label="职务", max_length=40, required=False, widget=forms.TextInput(attrs=MID)
    )
    is_executive = forms.BooleanField(label="企业高管", required=False)
    joined_on = DayField(label="入党日期", required=False)
    full_on = DayField(label="转正日期", required=False)
    probation_ends_on = DayField(label="预备期满日", required=False)
    rights = forms.ChoiceField(
        label="党员权利",
        choices=Rights.choices,
        help_text="留党察看期间、权利中止期间没有表决权。系统不会自动改动党籍。",
    )
    is_floating = forms.BooleanField(label="流动党员", required=False)
    floating_since = DayField(label="流出日期", required=False)
    floating_to = forms.CharField(label="流入地", max_length=80, required=False)
    official_system = forms.ChoiceField(
        label="全国党员管理信息系统",
        choices=OfficialSystem.choices,
        help_text="只作备忘：本系统不与它连通。",
    )

    def __init__(self, *args, organisation, **options):
        super().__init__(*args, **options)
        groups = organisation.children.standing().filter(kind=OrganisationKind.GROUP)
        self.fields["group"].queryset = groups
        if not groups.exists():
            del self.fields["group"]

    @staticmethod
    def initial_of(member: PartyMember) -> dict:
        names = [name for name in MemberForm.base_fields if name != "unit"]
        return {name: getattr(member, name) for name in names} | {
            "unit": member.unit.name if member.unit else ""
        }


class ConsentForm(forms.Form):
    """How and when the person agreed."""

    given_on = DayField(label="同意日期")
    paper = forms.FileField(
        label="签字的同意书",
        help_text="照片或 PDF。",
        widget=FILE,
    )


class WithdrawForm(forms.Form):
    """What the person said when taking the consent back."""

    reason = forms.CharField(label="说明", max_length=200, required=False)


class NumbersForm(forms.Form):
    """ID number and phone; what is left empty stays as it is."""

    id_number = forms.CharField(
        label="身份证号",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=MID | {"autocomplete": "off", "inputmode": "text"}),
    )
    phone = forms.CharField(
        label="手机号",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs=MID | {"autocomplete": "off", "inputmode": "tel"}),
    )


class RevealForm(forms.Form):
    """Which number is looked at, and why."""

    which = forms.ChoiceField(choices=[("id_number", "身份证号"), ("phone", "手机号")])
    reason = forms.CharField(
        label="为什么要看",
        max_length=200,
        help_text="本人能看到谁、什么时候、为什么看。",
        widget=forms.TextInput,
    )


class LoginForm(forms.Form):
    """The login by which the person reads the own record."""

    user = LoginField(help_text="留空就取消关联。关联不给任何权限，只能看自己的记录。")


class LeaveForm(forms.Form):
    """The last day and the reason."""

    left_on = DayField(label="离开日期")
    reason = forms.CharField(label="离开原因", max_length=200, help_text="例如“组织关系转出”。")


class CensusForm(forms.Form):
    """A census: its name and its days."""

    title = forms.CharField(label="名称", max_length=60)
    starts_on = DayField(label="自")
    ends_on = DayField(label="至")


class ReportForm(forms.Form):
    """The public form behind the code: what a person says about themselves."""

    name = forms.CharField(label="姓名", max_length=50, error_messages={"required": "请写姓名。"})
    workplace = forms.CharField(
        label="在哪家药店或单位工作",
        max_length=80,
        error_messages={"required": "请写在哪里工作，党支部好核对。"},
    )
    standing = forms.ChoiceField(label="党员类别", choices=Standing.choices)
    relation = forms.ChoiceField(
        label="组织关系在哪里",
        choices=[("here", "在协会的党组织"), ("elsewhere", "在别处"), ("unknown", "不清楚")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选一项，不清楚就选“不清楚”。"},
    )
    home_organisation = forms.CharField(
        label="在别处的，写党组织名称", max_length=80, required=False
    )
    phone = forms.CharField(
        label="手机号",
        max_length=30,
        widget=forms.TextInput(attrs={"class": "inp", "inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"required": "请写手机号，党支部好联系您。"},
    )
    agrees = forms.BooleanField(
        label="我已看过上面的说明，同意只为办理党务收集这些信息",
        error_messages={"required": "要先同意上面的说明，才能登记。"},
    )
    # People do not see it; a robot fills whatever it finds.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1"}))

    def relation_here(self) -> bool | None:
        return {"here": True, "elsewhere": False}.get(self.cleaned_data["relation"])


# ------------------------------------------------------------------ meetings


class MeetingForm(forms.Form):
    """A meeting to come, or one that was held."""

    organisation = forms.ModelChoiceField(
        label="党组织", queryset=PartyOrganisation.objects.none(), empty_label=None
    )
    kind = forms.ChoiceField(label="会议类型", choices=MeetingKind.choices)
    also = forms.MultipleChoiceField(
        label="同一次同时计入",
        choices=[
            (k, k.label) for k in (MeetingKind.LECTURE, MeetingKind.THEME_DAY, MeetingKind.LIFE)
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="例如主题党日上讲了党课。各算一次，不重复登记。",
    )
    title = forms.CharField(label="名称", max_length=80)
    day = DayField(label="日期")
    hour = forms.TimeField(label="时间", widget=CLOCK)
    place = forms.CharField(label="地点", max_length=100, required=False)
    agenda = forms.CharField(
        label="议程",
        max_length=4000,
        required=False,
        help_text="一行一项。",
        widget=forms.Textarea(attrs={"rows": 4, "class": "inp"}),
    )
    chair = forms.CharField(
        label="主持人", max_length=50, required=False, widget=forms.TextInput(attrs=MID)
    )
    recorder = forms.CharField(
        label="记录人", max_length=50, required=False, widget=forms.TextInput(attrs=MID)
    )
    guests = forms.CharField(
        label="列席人员",
        max_length=300,
        required=False,
        help_text="入党积极分子、非党员负责人等，不计入应到人数。",
    )

    def __init__(self, *args, organisations, **options):
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations

    def starts_at(self) -> datetime:
        moment = datetime.combine(self.cleaned_data["day"], self.cleaned_data["hour"])
        return timezone.make_aware(moment)

    @staticmethod
    def initial_of(meeting) -> dict:
        moment = timezone.localtime(meeting.starts_at)
        names = ("organisation", "kind", "also", "title", "place", "agenda", "chair", "recorder",
                 "guests")  # fmt: skip
        return {name: getattr(meeting, name) for name in names} | {
            "day": moment.date(),
            "hour": moment.time(),
        }


def usual_hour() -> time:
    """Return the hour that the form proposes."""
    return time(15, 0)


class MotionForm(forms.Form):
    """A matter to be voted on."""

    title = forms.CharField(label="议题", max_length=200)
    ballot = forms.ChoiceField(label="表决方式", choices=Ballot.choices)


class TallyForm(forms.Form):
    """The tally of one vote; never who voted how."""

    votes_for = forms.IntegerField(
        label="赞成", min_value=0, max_value=9999, widget=forms.NumberInput(attrs=NUMBER)
    )
    against = forms.IntegerField(
        label="不赞成", min_value=0, max_value=9999, widget=forms.NumberInput(attrs=NUMBER)
    )
    abstentions = forms.IntegerField(
        label="弃权", min_value=0, max_value=9999, widget=forms.NumberInput(attrs=NUMBER)
    )
    decided = forms.TypedChoiceField(
        label="会议结果",
        choices=[("", "请选择"), ("yes", "通过"), ("no", "未通过")],
        coerce=lambda value: {"yes": True, "no": False}[value],
        empty_value=None,
        required=False,
        help_text="规则没有规定支委会的通过比例，照会议记录选。",
    )

    def __init__(self, *args, asks_result: bool, **options):
        super().__init__(*args, **options)
        if not asks_result:
            del self.fields["decided"]


class MinutesForm(forms.Form):
    """The minutes."""

    minutes = forms.CharField(
        label="会议记录",
        max_length=20_000,
        required=False,
        help_text="谁讲了什么、议定了什么。表决结果会自动附在后面。",
        widget=forms.Textarea(attrs={"rows": 12, "class": "inp"}),
    )


class MeetingPaperForm(forms.Form):
    """A scan, material or a photo."""

    kind = forms.ChoiceField(label="种类", choices=MeetingPaperKind.choices)
    file = forms.FileField(label="文件", help_text="照片或 PDF。", widget=FILE)


# ------------------------------------------------------------------ work list


class WorkReportForm(forms.Form):
    """What was done, and a figure with its day and paper."""

    note = forms.CharField(
        label="完成情况", max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "class": "inp"})
    )
    figure = forms.CharField(
        label="数字", max_length=60, required=False, widget=forms.TextInput(attrs=MID)
    )
    figure_on = DayField(label="截至", required=False)
    figure_paper = forms.CharField(label="出自哪份材料", max_length=120, required=False)


class OwnerForm(forms.Form):
    """Who sees to it."""

    owner_name = forms.CharField(
        label="责任人", max_length=50, required=False, widget=forms.TextInput(attrs=MID)
    )


class EvidenceForm(forms.Form):
    """A piece of evidence."""

    evidence = forms.ChoiceField(label="哪份佐证")
    file = forms.FileField(label="文件", help_text="照片或 PDF。", widget=FILE)

    def __init__(self, *args, wanted, **options):
        super().__init__(*args, **options)
        self.fields["evidence"].choices = [(name, name) for name in [*wanted, "其他"]]


class ReviewForm(forms.Form):
    """The reviewer's remark; needed for a return."""

    note = forms.CharField(
        label="意见",
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "inp"}),
    )


class ProblemForm(forms.Form):
    """A line of the problem list."""

    source = forms.CharField(
        label="问题来源", max_length=80, help_text="例如“组织生活会”“会员反映”“上级检查”。"
    )
    description = forms.CharField(
        label="问题描述", max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "class": "inp"})
    )
    measure = forms.CharField(
        label="措施", max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "class": "inp"})
    )
    owner_name = forms.CharField(label="责任人", max_length=50, widget=forms.TextInput(attrs=MID))
    due_on = DayField(label="时限")


class ResultForm(forms.Form):
    """What came of it, with its paper."""

    result = forms.CharField(
        label="成效", max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "class": "inp"})
    )
    file = forms.FileField(label="佐证", help_text="照片或 PDF。", widget=FILE)


class AcceptForm(forms.Form):
    """Who has seen that the problem is solved."""

    acceptor_name = forms.CharField(
        label="验收人",
        max_length=50,
        help_text="不能是责任人本人。",
        widget=forms.TextInput(attrs=MID),
    )
