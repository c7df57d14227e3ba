"""What people type when they change a rule."""

from django import forms

from activities import due_rules
from activities.actions import RuleText
from activities.due_rules import DueRule
from activities.enums import AppliesIf, CharityCode, Rhythm, Shift, SourceStatus
from activities.forms.fields import DayField
from activities.models import Duty

# How the parts of a due rule are asked for; which of them count depends on the first choice.
KINDS = (
    ("last_workday", "周期最后一个工作日"),
    ("nth_weekday", "第几个星期几"),
    ("day_of_month", "每月几日"),
    ("fixed_date", "每年几月几日"),
    ("nth_month_day", "周期第几个月的几日"),
    ("within_days", "周期结束后几天内"),
    ("within_workdays", "周期结束后几个工作日内"),
    ("next_month_day", "次月几日"),
)
PERIOD_WORD = {
    Rhythm.WEEK: "week",
    Rhythm.MONTH: "month",
    Rhythm.QUARTER: "quarter",
    Rhythm.HALF: "half",
    Rhythm.YEAR: "year",
}
SEPARATORS = str.maketrans({"，": "、", ",": "、", "；": "、", ";": "、", "\n": "、"})


def number_field(label: str, highest: int, **options) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        max_value=highest,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
        **options,
    )


class RuleForm(forms.Form):
    """A new version of a rule, from a day on."""

    name = forms.CharField(
        label="简称", max_length=40, widget=forms.TextInput(attrs={"class": "inp inp-mid"})
    )
    full_name = forms.CharField(
        label="全称", max_length=80, widget=forms.TextInput(attrs={"class": "inp"})
    )
    is_active = forms.BooleanField(label="启用", required=False)
    rhythm = forms.ChoiceField(
        label="多久一次",
        choices=[choice for choice in Rhythm.choices if choice[0] != Rhythm.RECORD],
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    times = number_field("每期几次", 99, initial=1)
    due_kind = forms.ChoiceField(
        label="最晚日期怎么定",
        choices=KINDS,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    due_month = number_field("月", 12, help_text="几月，或周期的第几个月。")
    due_n = number_field("数", 200, help_text="几日、第几个，或几天。")
    due_weekday = forms.ChoiceField(
        label="星期几",
        required=False,
        choices=[("", "—"), *((str(n), word) for n, word in enumerate(due_rules.WEEKDAYS))],
        widget=forms.Select(attrs={"class": "inp inp-num"}),
    )
    shift = forms.ChoiceField(
        label="遇节假日", choices=Shift.choices, widget=forms.Select(attrs={"class": "inp inp-mid"})
    )
    applies_if = forms.ChoiceField(
        label="适用",
        choices=AppliesIf.choices,
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    owner = forms.CharField(
        label="责任人",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    evidence = forms.CharField(
        label="应有材料",
        help_text="用顿号分开，例如：方案、签到、照片。",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    agenda = forms.CharField(
        label="议程模板",
        help_text="会议用，一行一条。",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 3}),
    )
    lead_days = forms.CharField(
        label="提前几天提醒",
        help_text="用顿号分开，例如：14、7、3；过期后第 5 天写 -5。",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    suggested_bonus = forms.ChoiceField(
        label="常计公益加分",
        choices=[("", "不计"), *CharityCode.choices],
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    source = forms.CharField(
        label="依据",
        help_text="文件名和条款；本会自己的安排也写清楚。",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    source_status = forms.ChoiceField(
        label="依据核对到什么程度",
        choices=SourceStatus.choices,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    starts_on = DayField(
        label="从哪天起施行",
        help_text="要是一个周期的第一天；之前的周期保留原来的规则。",
    )

    def __init__(self, *args, duty: Duty, **kwargs) -> None:
        super().__init__(*args, initial=self.initial_of(duty), **kwargs)
        self.duty = duty
        if duty.rhythm == Rhythm.RECORD:
            for name in ("rhythm", "times", "due_kind", "due_month", "due_n", "due_weekday"):
                del self.fields[name]

    @staticmethod
    def initial_of(duty: Duty) -> dict:
        """Return the present version as the form asks for it."""
        rule = due_rules.parse_all(duty.due_rule)[0]
        same = ("name", "full_name", "is_active", "rhythm", "times", "shift", "applies_if")
        more = ("owner", "suggested_bonus", "source", "source_status")
        return {name: getattr(duty, name) for name in (*same, *more)} | {
            "due_kind": rule.kind,
            "due_month": rule.month or None,
            "due_n": rule.n or None,
            "due_weekday": str(rule.weekday) if rule.kind == "nth_weekday" else "",
            "evidence": "、".join(duty.evidence),
            "agenda": "\n".join(duty.agenda),
            "lead_days": "、".join(map(str, duty.lead_days)),
        }

    def clean_lead_days(self) -> list[int]:
        """Return the days as numbers, the earliest reminder first."""
        words = _list(self.cleaned_data["lead_days"])
        try:
            days = {int(word.replace("−", "-")) for word in words}
        except ValueError:
            raise forms.ValidationError("只写天数，用顿号分开，例如：14、7、3。") from None
        if any(abs(day) > 400 for day in days):
            raise forms.ValidationError("提前或过期的天数请在 400 天以内。")
        return sorted(days, reverse=True)

    def clean(self) -> dict:
        """Put the parts of the due rule together and see whether they make one."""
        data = super().clean()
        if self.duty.rhythm == Rhythm.RECORD or "due_kind" not in data or "rhythm" not in data:
            return data
        if len(due_rules.parse_all(self.duty.due_rule)) > 1 and not self._due_changed():
            data["due_rule"] = self.duty.due_rule
            return data
        word = PERIOD_WORD[Rhythm(data["rhythm"])]
        rule = DueRule(
            data["due_kind"],
            n=data.get("due_n") or 0,
            month=data.get("due_month") or 0,
            weekday=int(data.get("due_weekday") or 0),
            period=word if not data["due_kind"].startswith("within") else f"{word}_end",
        )
        try:
            due_rules.check(data["rhythm"], rule.text())
        except due_rules.DueRuleError as error:
            self.add_error("due_kind", f"{error}请把月、数、星期几填全。")
        else:
            data["due_rule"] = rule.text()
        return data

    def _due_changed(self) -> bool:
        names = ("rhythm", "due_kind", "due_month", "due_n", "due_weekday")
        return any(name in self.changed_data for name in names)

    def text(self) -> RuleText:
        """Return what was typed as the plain value that the act takes."""
        data = self.cleaned_data
        old = self.duty
        is_record = old.rhythm == Rhythm.RECORD
        return RuleText(
            name=data["name"],
            full_name=data["full_name"],
            rhythm=old.rhythm if is_record else data["rhythm"],
            due_rule=old.due_rule if is_record else data["due_rule"],
            shift=data["shift"],
            grace=old.grace,
            times=old.times if is_record else data["times"] or 1,
            applies_if=data["applies_if"],
            owner=data["owner"],
            evidence=_list(data["evidence"]),
            agenda=[line.strip() for line in data["agenda"].splitlines() if line.strip()],
            lead_days=data["lead_days"],
            leads_in_workdays=old.leads_in_workdays,
            suggested_bonus=data["suggested_bonus"],
            merges_with=old.merges_with,
            source=data["source"],
            source_status=data["source_status"],
            is_active=data["is_active"],
            inactive_note="" if data["is_active"] else old.inactive_note,
        )


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.translate(SEPARATORS).split("、") if word.strip()]
