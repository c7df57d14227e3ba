"""What people type about activities."""

from decimal import Decimal

from django import forms

from activities.actions import Report
from activities.enums import CharityCode, Counted
from activities.models import Activity, Duty, Obligation

NO_BONUS = ("", "不计公益加分")


class ReportForm(forms.Form):
    """An activity that was held."""

    duties = forms.MultipleChoiceField(
        label="计入哪项任务",
        help_text="“六个一”里只选一项；义诊可以再选一项。",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    title = forms.CharField(
        label="活动名称", max_length=80, widget=forms.TextInput(attrs={"class": "inp"})
    )
    held_on = forms.DateField(
        label="活动日期",
        widget=forms.DateInput(attrs={"type": "date", "class": "inp inp-mid"}, format="%Y-%m-%d"),
    )
    bonus = forms.ChoiceField(
        label="给参加药店计公益加分",
        choices=[NO_BONUS, *CharityCode.choices],
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    hours = forms.DecimalField(
        label="时长（小时）",
        help_text="计志愿服务加分时要填。",
        required=False,
        min_value=Decimal("0.5"),
        max_value=99,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"class": "inp inp-num", "step": "0.5"}),
    )
    place = forms.CharField(
        label="地点",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    beneficiaries = forms.IntegerField(
        label="受益人数",
        required=False,
        min_value=0,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    beneficiaries_by = forms.ChoiceField(
        label="人数怎么来的",
        choices=[("", "请选择"), *Counted.choices],
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    story = forms.CharField(
        label="情况",
        help_text="做了什么、效果怎样，两三句即可。不要写群众姓名和病情。",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 3}),
    )

    def __init__(self, *args, obligation: Obligation | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        duties = Duty.objects.order_by("order", "pk").values_list("code", "full_name")
        self.fields["duties"].choices = list(dict(duties).items())
        if obligation is not None:
            day = self.fields["held_on"]
            day.help_text = f"{obligation.period}内的日期。"
            day.widget.attrs |= {
                "min": obligation.period_start.isoformat(),
                "max": obligation.period_end.isoformat(),
            }

    @classmethod
    def initial_for(cls, obligation: Obligation | None) -> dict:
        """Return what is known when a person comes from a cell of the matrix."""
        if obligation is None:
            return {}
        duty = obligation.duty
        return {
            "duties": [code for code in (duty.code, duty.usually_also) if code],
            "bonus": duty.suggested_bonus,
            "title": f"{obligation.period}{duty.name.removeprefix('一')}",
        }

    @classmethod
    def initial_of(cls, activity: Activity) -> dict:
        """Return what was entered before, for a correction."""
        names = [name for name in cls.base_fields if name != "duties"]
        duties = activity.obligations.values_list("duty__code", flat=True)
        return {name: getattr(activity, name) for name in names} | {"duties": list(duties)}

    @property
    def shows_more(self) -> bool:
        """Whether the optional part is open: it holds something, or an error."""
        more = ("place", "beneficiaries", "beneficiaries_by", "story")
        return any(self[name].errors or self[name].value() not in (None, "") for name in more)

    def report(self) -> Report:
        """Return what was typed as the plain value that the act takes."""
        data = dict(self.cleaned_data)
        if data["beneficiaries"] is None:
            data["beneficiaries_by"] = ""
        data["duties"] = tuple(data["duties"])
        return Report(**data)

    def clean(self) -> dict:
        """A number of people says where it comes from."""
        data = super().clean()
        if data.get("beneficiaries") is not None and not data.get("beneficiaries_by"):
            self.add_error("beneficiaries_by", "请选择人数是清点的还是估计的。")
        return data


class ReasonForm(forms.Form):
    """Why something is undone."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "inp"}),
        error_messages={"required": "请写明原因。"},
    )


class PaperForm(forms.Form):
    """A photo or a paper of the activity."""

    file = forms.FileField(
        label="照片或签到表",
        help_text="JPG、PNG、WebP 或 PDF，10 MB 以内。请勿拍到群众面部和处方姓名。",
        widget=forms.FileInput(
            attrs={"class": "inp", "accept": "image/jpeg,image/png,image/webp,application/pdf"}
        ),
        error_messages={"required": "请先选一个文件。"},
    )
