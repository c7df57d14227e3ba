"""What the secretariat types about a cycle: its plan, later last days, the signatures."""

from datetime import date, timedelta

from django import forms

from starrating.actions.cycle import Plan
from starrating.forms.fields import day_field
from starrating.models import Cycle, Scheme
from starrating.queries.cycle import free_year
from starrating.queries.scheme import choosable, usable_on

# What the default process of the scheme leaves for each stage, in days.
ENTRY_DAYS, REVIEW_DAYS = 30, 30
MOST_SCHEMES = 50


class PlanForm(forms.Form):
    """A cycle before it opens: scheme, period, last days, terms."""

    name = forms.CharField(
        label="名称",
        help_text="例如“2026 年度”，印在公示和证书上。",
        max_length=60,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    scheme = forms.ModelChoiceField(
        label="评分标准",
        queryset=Scheme.objects.none(),
        empty_label=None,
        help_text="开放自评以前要已经发布。",
        widget=forms.Select(attrs={"class": "inp"}),
    )
    starts_on = day_field("评定期自", help_text="加分和否决事实按这段时间计。")
    ends_on = day_field("评定期至")
    entry_closes_on = day_field("自评截止日", help_text="到这一天 24:00。")
    review_closes_on = day_field(
        "评审截止日", help_text="退回补充的药店到这一天 24:00 前还能补交。"
    )
    newest_opening_on = day_field(
        "开业不晚于",
        help_text="晚于这一天开业的药店记为“开业未满”，不评星；不填就不限。",
        required=False,
    )
    objection_working_days = forms.IntegerField(
        label="异议期（工作日）",
        help_text="告知次日起算。",
        max_value=60,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    publicity_working_days = forms.IntegerField(
        label="公示期（工作日）",
        help_text="公布后的第一个工作日起算。",
        max_value=60,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    valid_from = day_field("星级有效期自")
    valid_to = day_field("星级有效期至")
    expected_top_share = forms.IntegerField(
        label="五星占比提示线（%）",
        help_text="只作提示：超过时请两位签字人再核一遍。不设名额，不影响任何药店的星级。",
        min_value=0,
        required=False,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].queryset = choosable()

    def plan(self) -> Plan:
        """Return what was typed as the plain value that the act takes."""
        return Plan(**self.cleaned_data)

    @classmethod
    def initial_of(cls, cycle: Cycle) -> dict:
        """Return what was entered before."""
        return {name: getattr(cycle, name) for name in cls.base_fields}

    @classmethod
    def initial_for(cls, *, today: date) -> dict:
        """Return a sensible plan: the first year that has no cycle, filled by the end of October
        and reviewed in November, but with a month for each; the star holds the year after.
        """
        year = free_year(today.year)
        entry = max(date(year, 10, 31), today + timedelta(days=ENTRY_DAYS))
        review = max(date(year, 11, 30), entry + timedelta(days=REVIEW_DAYS))
        valid = year + 1
        return {
            "name": f"{year} 年度",
            "scheme": usable_on(today).first(),
            "starts_on": date(year, 1, 1),
            "ends_on": date(year, 12, 31),
            "entry_closes_on": entry,
            "review_closes_on": review,
            "objection_working_days": 10,
            "publicity_working_days": 5,
            "valid_from": date(valid, 1, 1),
            "valid_to": date(valid, 12, 31),
        }


class ExtendForm(forms.Form):
    """Later last days, and why."""

    entry_closes_on = day_field("自评截止日", required=False)
    review_closes_on = day_field("评审截止日")
    reason = forms.CharField(
        label="延期原因",
        max_length=200,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 2}),
        error_messages={"required": "请写明延期的原因，药店能看到。"},
    )

    def __init__(self, *args, is_entry: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not is_entry:
            del self.fields["entry_closes_on"]


class SignatureForm(forms.Form):
    """The opinion beside a signature."""

    note = forms.CharField(
        label="审核意见",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 2}),
    )


class SecondSignatureForm(SignatureForm):
    """The second signature, with the shops of the sample that were looked at."""

    checked = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args, sample, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checked"].choices = [(pk, str(pk)) for pk in sample]
