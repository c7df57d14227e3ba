"""What people type in the pledge room."""

from django import forms

from accounts.models import Area
from pledges.models import PledgeText


def _day(label: str, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "inp inp-mid"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget)


class CampaignForm(forms.Form):
    """A year's call to sign."""

    year = forms.IntegerField(
        label="年度",
        min_value=2020,
        max_value=2100,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    text = forms.ModelChoiceField(
        label="承诺书文本",
        queryset=PledgeText.objects.order_by("-created_at", "-pk"),
        empty_label=None,
        widget=forms.Select(attrs={"class": "inp"}),
    )
    starts_on = _day("承诺期自")
    ends_on = _day("承诺期至", "到期后承诺自动失效，下一年度重新签署。")
    sign_by = _day("请药店在此日前签署", "过了这一天还能签，只是列为逾期。")


class SignForm(forms.Form):
    """One tick a clause and the signer's name; the fields follow the text."""

    def __init__(self, *args, clauses, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for clause in clauses:
            self.fields[f"clause_{clause.key}"] = forms.BooleanField(
                label=f"{clause.seq}. {clause.title}",
                help_text=clause.text,
                required=False,
            )
        self.fields["name"] = forms.CharField(
            label="签名",
            help_text="输入您本人的姓名，与账号姓名一致。",
            max_length=50,
            widget=forms.TextInput(attrs={"class": "inp", "autocomplete": "name"}),
            error_messages={"required": "请写上您的姓名。"},
        )

    @property
    def ticks(self) -> list:
        """The fields of the clauses, in order."""
        return [self[name] for name in self.fields if name.startswith("clause_")]

    @property
    def ticked(self) -> set[str]:
        """The keys of the clauses that were ticked."""
        data = self.cleaned_data
        return {
            name.removeprefix("clause_")
            for name, value in data.items()
            if name.startswith("clause_") and value
        }


class AreaFilterForm(forms.Form):
    """Which sub-district a list shows."""

    area = forms.ModelChoiceField(
        label="片区",
        queryset=Area.objects.order_by("order", "code"),
        to_field_name="code",
        required=False,
        empty_label="全部片区",
        widget=forms.Select(attrs={"class": "inp inp-s", "data-submit": ""}),
    )
