"""What people type about violations."""

from django import forms

from inspections.actions import Draft
from inspections.models import Ground, Violation


def _day(label: str, *, help_text: str = "", required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "inp inp-mid"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget)


class LeadForm(forms.Form):
    """A lead with the paper it rests on; the paper may follow before the review."""

    code = forms.ChoiceField(label="否决情形", widget=forms.Select(attrs={"class": "inp"}))
    facts = forms.CharField(
        label="事实摘要",
        help_text="写查明了什么，不写猜测，不写顾客姓名。",
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 3}),
    )
    document_number = forms.CharField(
        label="文书号",
        help_text="例如 示例市监处罚〔2026〕12号。送复核前要填。",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    authority = forms.CharField(
        label="作出机关",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    decided_on = _day("文书日期", required=False)
    starts_on = _day("影响期自")
    ends_on = _day("影响期至", help_text="不填表示一直有效，直到撤销。", required=False)
    paper = forms.FileField(
        label="依据文件",
        help_text="处罚决定书等，PDF 或照片，10 MB 以内。送复核前要传。",
        required=False,
        widget=forms.FileInput(
            attrs={"class": "inp", "accept": "image/jpeg,image/png,image/webp,application/pdf"}
        ),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        grounds = Ground.objects.filter(is_in_use=True).order_by("order", "code")
        self.fields["code"].choices = [("", "请选择")] + [(g.code, str(g)) for g in grounds]

    @classmethod
    def initial_of(cls, violation: Violation) -> dict:
        """Return what was entered before."""
        return {name: getattr(violation, name) for name in cls.base_fields if name != "paper"}

    def draft(self) -> Draft:
        """Return what was typed as the plain value that the act takes."""
        return Draft(**{k: v for k, v in self.cleaned_data.items() if k != "paper"})


class ReasonForm(forms.Form):
    """The opinion that a decision carries."""

    reason = forms.CharField(
        label="意见",
        max_length=500,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 2}),
        error_messages={"required": "请写明理由。"},
    )
