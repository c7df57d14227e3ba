"""What people type about accounts and roles."""

from django import forms

from accounts.queries import areas
from accounts.roles import GLOBAL_ROLES, Role

DAY = {"type": "date", "class": "inp inp-mid"}
MID = {"class": "inp inp-mid"}


class PersonForm(forms.Form):
    """A new account; the person sets the password by the invitation."""

    real_name = forms.CharField(label="姓名", max_length=50, widget=forms.TextInput(attrs=MID))
    username = forms.RegexField(
        label="登录名",
        regex=r"^[\w.@+-]+$",
        max_length=50,
        help_text="字母、数字均可，例如姓名拼音；定下后不改。",
        error_messages={"invalid": "登录名只能用字母、汉字、数字和 . @ + - _。"},
        widget=forms.TextInput(attrs={**MID, "autocomplete": "off"}),
    )
    phone = forms.CharField(
        label="手机号",
        required=False,
        max_length=20,
        help_text="填了就能用手机号登录。",
        widget=forms.TextInput(attrs={**MID, "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label="邮箱",
        required=False,
        help_text="用于自己找回密码。",
        widget=forms.EmailInput(attrs=MID),
    )


class RoleForm(forms.Form):
    """A role to propose, everywhere or in one sub-district, for ever or from–to."""

    role = forms.ChoiceField(
        label="角色", choices=[(role.value, role.label) for role in Role if role in GLOBAL_ROLES]
    )
    area = forms.ModelChoiceField(
        label="范围", queryset=areas(), required=False, empty_label="全部片区"
    )
    starts_on = forms.DateField(
        label="自",
        required=False,
        help_text="代班时填写起止日期，首尾两天都算。",
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
    )
    ends_on = forms.DateField(
        label="至", required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY)
    )


class ReasonForm(forms.Form):
    """Why: kept in the audit trail."""

    reason = forms.CharField(label="原因", max_length=200)


class PhoneForm(ReasonForm):
    """Another mobile number for the account, with the reason."""

    phone = forms.CharField(
        label="新手机号",
        required=False,
        max_length=20,
        help_text="留空表示解除绑定。",
        widget=forms.TextInput(attrs={**MID, "inputmode": "tel"}),
    )
    field_order = ("phone", "reason")


class NewPasswordForm(forms.Form):
    """The password a person chooses behind an invitation."""

    password = forms.CharField(
        label="设置密码",
        strip=False,
        help_text="至少 8 个字符，协会和监管账号至少 12 个；可以是一句好记的话。",
        widget=forms.PasswordInput(attrs={"class": "inp", "autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一次",
        strip=False,
        widget=forms.PasswordInput(attrs={"class": "inp", "autocomplete": "new-password"}),
    )

    def clean(self):
        data = super().clean()
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", "两次输入的密码不一样，请重新输入。")
        return data
