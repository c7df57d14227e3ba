"""The legal frame that a scheme needs before a cycle may rest on it."""

from django import forms

from starrating.forms.fields import day_field


class LegalFrameForm(forms.Form):
    """Who adopted the scheme, who organises the rating, how long it holds, and that it is free."""

    basis_title = forms.CharField(
        label="依据文件",
        help_text="通过这一版标准的文件，例如“协会第三届理事会第二次会议决议”。",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    basis_number = forms.CharField(
        label="文号",
        help_text="例如 某药协〔2026〕6号。",
        max_length=60,
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    organiser = forms.CharField(
        label="组织单位",
        help_text="印在证书和公示上。",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    valid_from = day_field("有效期自")
    valid_to = day_field("有效期至", help_text="过了这一天，新周期不能再用这一版。")
    declares_no_fee = forms.BooleanField(
        label="声明：评星不向参评药店收取任何费用，会费交纳情况不影响评星",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "ck"}),
    )
