"""What people type about activities that were held."""

from collections.abc import Iterable
from decimal import Decimal

from django import forms

from activities.actions import Report
from activities.enums import CharityCode, Counted, JointCode
from activities.evidence_rules import EVERYTHING, wants_paper
from activities.forms.fields import DayField, DutyField, HostField
from activities.models import Activity, Obligation
from activities.queries.duties import duty_choices

NO_BONUS = ("", "不计公益加分")


class ReportForm(forms.Form):
    """An activity that was held."""

    duties = DutyField(help_text="一般选一项；规则允许合并的可以再选，例如义诊和“一志愿”。")
    title = forms.CharField(
        label="活动名称", max_length=80, widget=forms.TextInput(attrs={"class": "inp"})
    )
    held_on = DayField(label="活动日期")
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

    joint = forms.MultipleChoiceField(
        label="八联八通",
        help_text="这次活动属于哪几联，可以多选。",
        required=False,
        choices=JointCode.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    host = HostField()

    def __init__(self, *args, user, obligation: Obligation | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duties"].choices = duty_choices()
        if not self.fields["host"].offer_to(user):
            del self.fields["host"]
        if obligation is not None:
            day = self.fields["held_on"]
            day.help_text = f"{obligation.period}内的日期。"
            if obligation.counts_until != obligation.period_end:
                day.help_text = (
                    f"{obligation.counts_from} 到 {obligation.counts_until} 之间的日期。"
                )
            day.widget.attrs |= {
                "min": obligation.counts_from.isoformat(),
                "max": obligation.counts_until.isoformat(),
            }

    @classmethod
    def initial_for(cls, obligation: Obligation | None) -> dict:
        """Return what is known when a person comes from a cell of the matrix."""
        if obligation is None:
            return {}
        duty = obligation.duty
        return {
            "duties": [c for c in (duty.code, duty.usually_also, duty.merges_with) if c],
            "bonus": duty.suggested_bonus,
            "title": f"{obligation.period}{duty.name.removeprefix('一')}",
            "host": obligation.organisation_id,
        }

    @classmethod
    def initial_of(cls, activity: Activity) -> dict:
        """Return what was entered before, for a correction."""
        names = [name for name in cls.base_fields if name not in {"duties", "joint", "host"}]
        return {name: getattr(activity, name) for name in names} | {
            "host": activity.organisation_id,
            "duties": list(activity.fulfilments.values_list("code", flat=True)),
            "joint": list(activity.joint_marks.values_list("code", flat=True)),
        }

    @property
    def shows_more(self) -> bool:
        """Whether the optional part is open: it holds something, or an error."""
        more = ("place", "story", "joint")
        return any(self[name].errors or self[name].value() not in (None, "", []) for name in more)

    def report(self) -> Report:
        """Return what was typed as the plain value that the act takes."""
        data = dict(self.cleaned_data)
        if data["beneficiaries"] is None:
            data["beneficiaries_by"] = ""
        data.setdefault("host", None)
        data["duties"], data["joint"] = tuple(data["duties"]), tuple(data["joint"])
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
    """A photo or a paper of the activity, and what it is in the words of the rules."""

    file = forms.FileField(
        label="照片或材料",
        help_text="JPG、PNG、WebP 或 PDF，10 MB 以内。请勿拍到群众面部和处方姓名。",
        widget=forms.FileInput(
            attrs={"class": "inp", "accept": "image/jpeg,image/png,image/webp,application/pdf"}
        ),
        error_messages={"required": "请先选一个文件。"},
    )
    filed_as = forms.ChoiceField(
        label="这份材料是", required=False, widget=forms.Select(attrs={"class": "inp inp-mid"})
    )

    def __init__(self, *args, asked: Iterable[str] = (), missing: Iterable[str] = (), **kwargs):
        super().__init__(*args, **kwargs)
        names = list(dict.fromkeys([*missing, *asked]))
        self.fields["filed_as"].choices = [
            ("", "照片或其他"),
            *((name, name) for name in names if wants_paper(name)),
            (EVERYTHING, "全部材料合订"),
        ]
        first = next((name for name in missing if wants_paper(name)), "")
        self.fields["filed_as"].initial = first

    @property
    def filed(self) -> list[str]:
        """What the paper is filed under."""
        name = self.cleaned_data["filed_as"]
        return [name] if name else []


class ExplainForm(forms.Form):
    """Why a duty was not met in a period that is over."""

    explanation = forms.CharField(
        label="未开展说明",
        help_text="例如“台风红色预警，停止聚集”。写明后不再提醒，台账里会印出来。",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
