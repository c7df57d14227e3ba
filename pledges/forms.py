"""What people type in the pledge room."""

import re

from django import forms

from accounts.models import Area
from members.enums import UnitKind
from members.models import MemberUnit
from pledges.actions.campaigns import Call
from pledges.actions.texts import ClauseDraft
from pledges.enums import SourceKind
from pledges.models import BreachLevel, PledgeText

_CODE = re.compile(r"(?:item|veto|bonus)/[A-Z]\d{2}\Z")


def _day(label: str, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "inp inp-mid"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget)


class CampaignForm(forms.Form):
    """A call to sign: the text, whom it asks, the days."""

    AUDIENCE = ("area", "kind", "unit", "q")

    year = forms.IntegerField(
        label="年度",
        min_value=2020,
        max_value=2100,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    text = forms.ModelChoiceField(
        label="承诺书文本",
        queryset=PledgeText.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs={"class": "inp"}),
    )
    name = forms.CharField(
        label="名称",
        help_text="一年里不止一次时用来区分，例如“处方药专项承诺”。",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    area = forms.TypedChoiceField(label="片区", required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(
        label="类型", required=False, choices=[("", "连锁与单体"), *UnitKind.choices]
    )
    unit = forms.CharField(
        label="会员单位名称",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    q = forms.CharField(
        label="店名、证号",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    starts_on = _day("承诺期自")
    ends_on = _day("承诺期至", "到期后承诺自动失效，下一年度重新签署。")
    sign_by = _day("请药店在此日前签署", "过了这一天还能签，只是列为逾期。")
    min_reading_seconds = forms.IntegerField(
        label="最短阅读秒数",
        help_text="从打开签署页算起，不到这个时间不能签。不填就不限。",
        min_value=0,
        max_value=600,
        required=False,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )

    def __init__(self, *args, texts, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].queryset = texts
        areas = Area.objects.order_by("order", "pk").values_list("pk", "name")
        self.fields["area"].choices = [("", "全部片区"), *areas]

    def fields_of(self, *names: str) -> list:
        return [self[name] for name in names]

    @property
    def about(self) -> list:
        """What is signed, and when."""
        return self.fields_of(
            "text", "year", "name", "starts_on", "ends_on", "sign_by", "min_reading_seconds"
        )

    @property
    def whom(self) -> list:
        """The filters that say who is asked."""
        return self.fields_of(*self.AUDIENCE)

    def call(self) -> Call:
        """Return what was typed as the act takes it."""
        data = self.cleaned_data
        audience = {name: str(data[name]) for name in self.AUDIENCE if data[name]}
        rest = {name: value for name, value in data.items() if name not in self.AUDIENCE}
        rest["min_reading_seconds"] = rest["min_reading_seconds"] or 0
        return Call(**rest, audience=audience)


class SignForm(forms.Form):
    """One tick a clause, a drawn or typed signature, and who it is; the fields follow the text."""

    drawing = forms.CharField(required=False, widget=forms.HiddenInput)
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, clauses, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for clause in clauses:
            self.fields[f"clause_{clause.key}"] = forms.BooleanField(
                label=f"{clause.seq}. {clause.title}",
                help_text=clause.text,
                required=False,
            )
        self.fields["name"] = forms.CharField(
            label="输入姓名",
            help_text="不方便手写时用，与账号姓名一致，效力相同。",
            max_length=50,
            required=False,
            widget=forms.TextInput(attrs={"class": "inp", "autocomplete": "name"}),
        )
        self.fields["password"] = forms.CharField(
            label="登录密码",
            help_text="再输入一次，确认是您本人。",
            max_length=200,
            strip=False,
            widget=forms.PasswordInput(attrs={"class": "inp", "autocomplete": "current-password"}),
            error_messages={"required": "请再输入一次登录密码，确认是您本人。"},
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


class ScanForm(forms.Form):
    """The scan of the printed, signed and stamped pledge."""

    name = forms.CharField(
        label="纸上签名的负责人",
        max_length=50,
        widget=forms.TextInput(attrs={"class": "inp", "autocomplete": "name"}),
        error_messages={"required": "请填写纸上签名的负责人姓名。"},
    )
    scan = forms.FileField(
        label="盖章后的扫描件或照片",
        help_text="一页拍全，公章和签名要看得清。JPG、PNG 或 PDF。",
        error_messages={"required": "请选择扫描件或照片。"},
    )


class ReasonForm(forms.Form):
    """Why something is sent back."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "inp", "placeholder": "对方能看到"}),
    )


class MandateForm(forms.Form):
    """A company's word that its head office may sign for its shops."""

    unit = forms.ModelChoiceField(
        label="会员单位",
        queryset=MemberUnit.objects.none(),
        widget=forms.Select(attrs={"class": "inp"}),
    )
    starts_on = _day("授权自")
    ends_on = _day("授权至")
    paper = forms.FileField(label="盖章的授权书", help_text="扫描件或照片，JPG、PNG 或 PDF。")

    def __init__(self, *args, units, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units


class CheckForm(forms.Form):
    """A receipt that somebody wants to have checked; it is read and not kept."""

    receipt = forms.FileField(
        label="手里的回执 PDF",
        widget=forms.ClearableFileInput(attrs={"class": "inp", "accept": "application/pdf"}),
        error_messages={"required": "请选择要核对的 PDF。"},
    )


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once; each is checked by itself."""

    widget = ManyFilesInput

    def clean(self, data, initial=None):
        one = super().clean
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return [one(upload, initial) for upload in given]


class BreachForm(forms.Form):
    """Which clause was not kept, what happened, and how it came to light."""

    clause = forms.ModelChoiceField(
        label="没有做到的条款", queryset=None, widget=forms.Select(attrs={"class": "inp"})
    )
    level = forms.ModelChoiceField(
        label="拟处理等级",
        queryset=BreachLevel.objects.order_by("level"),
        widget=forms.Select(attrs={"class": "inp"}),
    )
    facts = forms.CharField(
        label="事实",
        help_text="什么时候、什么事，药店能看到。",
        widget=forms.Textarea(attrs={"class": "inp", "rows": 4}),
    )
    source_kind = forms.ChoiceField(label="线索来源", choices=SourceKind.choices)
    source_label = forms.CharField(
        label="来源说明",
        help_text="例如：3 月 2 日抽查记录、投诉 2026-015 号。",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    source_id = forms.CharField(
        label="来源编号",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )

    def __init__(self, *args, clauses, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clause"].queryset = clauses


class HearingForm(forms.Form):
    """What the shop has to say, on the phone."""

    statement = forms.CharField(
        label="您的说明",
        required=False,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 5}),
    )
    papers = FilesField(label="材料", help_text="照片或 PDF，可选多份。", required=False)
    is_waived = forms.BooleanField(label="不申辩", required=False)


class AppealForm(forms.Form):
    """Why the decision is wrong."""

    reasons = forms.CharField(
        label="申诉理由",
        required=False,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 5}),
    )
    papers = FilesField(label="材料", required=False)


class DecisionForm(forms.Form):
    """What was decided together."""

    level = forms.ModelChoiceField(
        label="处理等级",
        queryset=BreachLevel.objects.order_by("level"),
        widget=forms.Select(attrs={"class": "inp"}),
    )
    reasons = forms.CharField(
        label="理由", widget=forms.Textarea(attrs={"class": "inp", "rows": 4})
    )
    measure_ends_on = _day("整改期至")
    deciders = forms.ModelMultipleChoiceField(
        label="参加决定的人", queryset=None, widget=forms.CheckboxSelectMultiple
    )
    minutes = forms.FileField(label="会议记录", help_text="签过字的扫描件，JPG、PNG 或 PDF。")

    def __init__(self, *args, people, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deciders"].queryset = people


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


class VersionForm(forms.Form):
    """The number of a new version."""

    version = forms.CharField(
        label="新版本号",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-num", "placeholder": "例如 1.1"}),
    )


class TextForm(forms.Form):
    """What stands around the clauses."""

    preamble = forms.CharField(
        label="引言", widget=forms.Textarea(attrs={"class": "inp", "rows": 3}), required=False
    )
    term_months = forms.IntegerField(
        label="有效月数",
        min_value=1,
        max_value=60,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    adopted_note = forms.CharField(
        label="通过情况",
        help_text="例如：2026年3月8日会员大会通过",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )

    @staticmethod
    def initial_of(text: PledgeText) -> dict:
        """What the form shows at first."""
        return {name: getattr(text, name) for name in ("preamble", "term_months", "adopted_note")}


class ClauseForm(forms.Form):
    """One clause; an empty row is no clause."""

    key = forms.SlugField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label="标题", max_length=40, required=False, widget=forms.TextInput(attrs={"class": "inp"})
    )
    text = forms.CharField(
        label="内容", required=False, widget=forms.Textarea(attrs={"class": "inp", "rows": 2})
    )
    cites = forms.CharField(
        label="对应条目",
        help_text="评分条目写 item/R01，否决情形写 veto/V01，加分写 bonus/B01，用空格隔开",
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )

    def clean_cites(self) -> tuple[str, ...]:
        codes = self.cleaned_data["cites"].replace("，", " ").replace("、", " ").split()
        if wrong := [code for code in codes if not _CODE.match(code)]:
            raise forms.ValidationError(f"“{wrong[0]}”不是条目编号，请写成 item/R01 这样。")
        return tuple(codes)


class BaseClauseFormSet(forms.BaseFormSet):
    """All clauses of a text, in an order that may be changed by number."""

    def drafts(self) -> list[ClauseDraft]:
        """Return the clauses that stay, in their new order."""
        kept = [
            form
            for form in self.ordered_forms
            if form.cleaned_data.get("title") or form.cleaned_data.get("text")
        ]
        fields = ("title", "text", "key", "cites")
        return [ClauseDraft(**{f: form.cleaned_data[f] for f in fields}) for form in kept]

    @classmethod
    def with_one_more(cls, data) -> "BaseClauseFormSet":
        """Return what was typed with one more empty row; a broken count stays a broken count."""
        copy = data.copy()
        rows = copy.get("clause-TOTAL_FORMS", "")
        if rows.isascii() and rows.isdigit():
            copy["clause-TOTAL_FORMS"] = str(int(rows) + 1)
        return cls(copy, prefix="clause")


ClauseFormSet = forms.formset_factory(
    ClauseForm, formset=BaseClauseFormSet, can_order=True, can_delete=True, extra=1, max_num=40
)


def clause_rows(text: PledgeText) -> list[dict]:
    """What the editor shows of the clauses at first."""
    rows = text.clauses.order_by("seq").values("key", "title", "text", "cites")
    return [{**row, "cites": " ".join(row["cites"])} for row in rows]
