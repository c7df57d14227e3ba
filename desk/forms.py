"""What people type at the desk."""

from django import forms

from desk.models import AssociationProfile

MID = {"class": "inp inp-mid"}


class ProfileForm(forms.ModelForm):
    """The association's own data. Saved by ``actions.save_profile``."""

    mark_upload = forms.FileField(
        label="标识图片",
        required=False,
        help_text="PNG 或 JPG，正方形，用在页面左上角和证书上。不传就用统一标识。",
    )

    class Meta:
        model = AssociationProfile
        fields = (
            "name",
            "short_name",
            "address",
            "contact_phone",
            "complaint_phone",
            "certificate_signer",
            "certificate_number_pattern",
            "filings_footer",
        )
        help_texts = {
            "name": "照登记证书填写，印在证书和公示上。",
            "short_name": "页面左上角用，不填就用全称。",
            "complaint_phone": "公开页上给群众看，不填就只写 12315。",
            "certificate_signer": "证书下方的落款单位，不填就用协会全称。",
            "certificate_number_pattern": "{year} 是年份，{number:04} 是四位流水号。",
            "filings_footer": "网站备案号等，印在公开页底部。",
        }


class WorkingDaysForm(forms.Form):
    """The yearly table: a sheet or pasted lines, with the notice it comes from."""

    year = forms.IntegerField(
        label="年份", min_value=2020, max_value=2100, widget=forms.NumberInput(attrs=MID)
    )
    source = forms.CharField(label="依据", max_length=300, help_text="通知名称或文号。")
    sheet = forms.FileField(
        label="表格",
        required=False,
        help_text="Excel 或 CSV：一列日期，一列名称，一列“放假”或“上班”。",
    )
    text = forms.CharField(
        label="或直接粘贴",
        required=False,
        help_text="每行一天，例如：2027-01-01 元旦 放假",
        widget=forms.Textarea(attrs={"class": "inp", "rows": 6}),
    )

    def clean(self):
        data = super().clean()
        if not data.get("sheet") and not data.get("text", "").strip():
            self.add_error("sheet", "请选一份表格，或在下面粘贴日期。")
        return data


class AreaForm(forms.Form):
    """One sub-district."""

    name = forms.CharField(label="名称", max_length=50, widget=forms.TextInput(attrs=MID))
    code = forms.CharField(
        label="代码",
        max_length=20,
        help_text="行政区划代码或自编短码，导入名册时用。",
        widget=forms.TextInput(attrs=MID),
    )
    order = forms.IntegerField(
        label="排序",
        min_value=0,
        max_value=999,
        initial=10,
        help_text="小的排在前面。",
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )


class AuditFilterForm(forms.Form):
    """The filters of the audit browser; all state is in the address."""

    target = forms.CharField(label="对象", required=False, max_length=100)
    actor = forms.CharField(label="操作人", required=False, max_length=50)
    act = forms.CharField(label="操作", required=False, max_length=64)
    model = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    pk = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
