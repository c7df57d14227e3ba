"""Fields that several forms of the room share: days, reasons."""

from django import forms


def day_field(label: str, *, help_text: str = "", required: bool = True) -> forms.DateField:
    """Return a date as the browser's own picker shows it; typed dates are read too."""
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(attrs={"type": "date", "class": "inp inp-mid"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"],
    )


class ReasonForm(forms.Form):
    """The words that an act carries with it."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 2}),
        error_messages={"required": "请写明原因。"},
    )

    def __init__(self, *args, label: str = "原因", hint: str = "", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["reason"].help_text = label, hint
