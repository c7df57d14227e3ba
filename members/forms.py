"""What people type about companies, shops and the people in them."""

from django import forms

from accounts.models import Area
from accounts.roles import Role
from association.sheet_cells import fold
from members import queries, sheets
from members.enums import PharmacyStatus, UnitKind
from members.models import ImportBatch, MemberUnit

DAY = {"type": "date", "class": "inp inp-mid"}


class DayField(forms.DateField):
    """A day, from the browser's own calendar or typed as clerks write it."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs=DAY)

    def __init__(self, **options):
        formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d"]
        super().__init__(input_formats=formats, **options)


class AreaField(forms.ModelChoiceField):
    """A sub-district; there are as many as the association has, never as many as shops."""

    def __init__(self, **options):
        options.setdefault("queryset", Area.objects.order_by("order", "pk"))
        options.setdefault("required", False)
        super().__init__(label="片区", **options)


def area_choices() -> list[tuple]:
    """Return the sub-districts for a filter, in one plain query."""
    return [("", "全部片区"), *Area.objects.order_by("order", "pk").values_list("pk", "name")]


class ShopFilterForm(forms.Form):
    """The filters of the shop list; all state is in the address."""

    q = forms.CharField(required=False, max_length=100)
    area = forms.TypedChoiceField(label="片区", required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(
        label="类型", required=False, choices=[("", "连锁与单体"), *UnitKind.choices]
    )
    status = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部状态"), *PharmacyStatus.choices]
    )
    unit = forms.CharField(
        label="会员单位",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"class": "inp inp-s", "placeholder": "会员单位"}),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["area"].choices = area_choices()  # read once, not for check and page each


class KeepFilterForm(forms.Form):
    """Under which name a filter is kept, and for whom."""

    name = forms.CharField(
        label="筛选名称",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-s", "placeholder": "名称，如：城东连锁"}),
    )
    is_shared = forms.BooleanField(label="秘书处共用", required=False)


class UnitForm(forms.Form):
    """A company that is a member of the association."""

    name = forms.CharField(label="单位名称", max_length=100, help_text="照营业执照填写全称。")
    kind = forms.ChoiceField(label="类型", choices=UnitKind.choices)
    credit_code = forms.CharField(
        label="统一社会信用代码",
        max_length=40,
        required=False,
        help_text="营业执照上的 18 位代码；暂时没有可以以后再补。",
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "autocomplete": "off"}),
    )
    joined_on = DayField(label="入会日期", required=False)
    contact_name = forms.CharField(
        label="联系人",
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    contact_phone = forms.CharField(
        label="联系电话",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "inputmode": "tel"}),
    )


class ShopForm(forms.Form):
    """One shop of a unit."""

    name = forms.CharField(label="门店名称", max_length=100, help_text="照许可证填写。")
    area = AreaField(empty_label="未登记")
    address = forms.CharField(label="地址", max_length=200, required=False)
    phone = forms.CharField(
        label="电话",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "inputmode": "tel"}),
    )
    licence_number = forms.CharField(
        label="药品经营许可证号",
        max_length=40,
        required=False,
        help_text="在许可证正本右上角。",
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "autocomplete": "off"}),
    )
    licence_expires_on = DayField(label="许可证有效期至", required=False)
    joined_on = DayField(label="入会日期", required=False)
    opened_on = DayField(label="开业日期", required=False)


class ReasonForm(forms.Form):
    """Why a shop is paused, struck off or opened again."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        help_text="以后查操作记录时能看到，例如：装修，预计停业两个月。",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class MoveForm(forms.Form):
    """Another company takes the shop over (变更经营主体)."""

    unit = forms.CharField(
        label="新的会员单位",
        max_length=100,
        help_text="填写完整的单位名称或统一社会信用代码；还没有登记的，请先新增会员单位。",
    )
    since = DayField(label="变更日期", help_text="从这一天起由新单位经营。")
    reason = forms.CharField(
        label="原因", max_length=200, help_text="例如：门店转让，许可证已变更。"
    )

    def clean_unit(self) -> MemberUnit:
        typed = self.cleaned_data["unit"]
        found = queries.unit_named(fold(typed), code=fold(typed).upper())
        if not found:
            raise forms.ValidationError(
                f"没有叫“{typed}”的会员单位，请核对全称，或先新增会员单位。"
            )
        if len(found) > 1:
            raise forms.ValidationError("有几家单位同名，请改填统一社会信用代码。")
        return found[0]


class EndPositionForm(forms.Form):
    """The last day of a position."""

    ends_on = DayField(label="最后一天", help_text="保存后，这个账号马上不能再进入这里。")


class InviteForm(forms.Form):
    """A person who shall log in for a shop or company."""

    real_name = forms.CharField(
        label="姓名", max_length=50, widget=forms.TextInput(attrs={"class": "inp inp-mid"})
    )
    phone = forms.CharField(
        label="手机号",
        max_length=20,
        help_text="以后用手机号登录。",
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "inputmode": "tel"}),
    )
    role = forms.ChoiceField(label="身份")

    SHOP_ROLES = [(role.value, role.label) for role in (Role.OWNER, Role.STAFF)]
    UNIT_ROLES = [(Role.HEAD_OFFICE.value, Role.HEAD_OFFICE.label)]

    def __init__(self, *args, at, **options):
        super().__init__(*args, **options)
        is_unit = isinstance(at, MemberUnit)
        self.fields["role"].choices = self.UNIT_ROLES if is_unit else self.SHOP_ROLES


class UploadForm(forms.Form):
    """A sheet for a register."""

    kind = forms.ChoiceField(label="导入什么", widget=forms.RadioSelect)
    file = forms.FileField(
        label="文件",
        help_text="支持 .xlsx、.xls 和 .csv，不超过 20 MB、20 万行。标题行、合并单元格不用先整理。",
        # No MIME list: phones and WeChat would open the wrong picker.
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
    )

    def __init__(self, *args, kinds, **options):
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(kind.code, kind.label) for kind in kinds]
        self.fields["kind"].initial = kinds[0].code if kinds else ""

    def chosen_kind(self) -> sheets.SheetKind:
        return sheets.kind_named(self.cleaned_data["kind"])


class MappingForm(forms.Form):
    """For each column of the sheet, what it holds."""

    source = forms.CharField(
        label="来源名册",
        max_length=60,
        required=False,
        help_text="“来源编号”来自哪份名册。以后导入同一份名册，用同样的名称，就能按编号认出药店。",
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )

    def __init__(self, *args, batch: ImportBatch, **options):
        options.setdefault("initial", {"source": batch.source})
        super().__init__(*args, **options)
        kind = sheets.kind_of(batch)
        if not kind.source_column:
            del self.fields["source"]
        choices = [("", "不导入"), *((c.code, c.label) for c in kind.columns)]
        chosen = {at: code for code, columns in batch.mapping.items() for at in columns}
        for at, heading in enumerate(batch.headings):
            if not heading and at not in chosen and not _holds_anything(batch, at):
                continue
            self.fields[f"column-{at}"] = forms.ChoiceField(
                label=heading or "（没有列名）",
                required=False,
                choices=choices,
                initial=chosen.get(at, ""),
                widget=forms.Select(attrs={"class": "inp inp-s"}),
            )

    def mapping(self) -> dict[str, list[int]]:
        """Return what the person chose: code → columns."""
        chosen: dict[str, list[int]] = {}
        for name, code in self.cleaned_data.items():
            if name.startswith("column-") and code:
                chosen.setdefault(code, []).append(int(name.removeprefix("column-")))
        return chosen


def _holds_anything(batch: ImportBatch, at: int) -> bool:
    return any(at < len(cells) and cells[at] for _, cells in batch.about.get("head", []))
