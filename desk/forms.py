"""What people type at the desk."""

import re
from datetime import date, timedelta
from uuid import uuid4

from django import forms

from association.carriers.text_message import PROVIDERS
from association.date_sources import SOURCES
from association.models import GROUP_CHANNELS, Channel
from desk.models import AssociationProfile, MessageRule

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


class MessageFilterForm(forms.Form):
    """The filters of the delivery log; all state is in the address."""

    person = forms.CharField(label="收件人", required=False, max_length=50)
    channel = forms.ChoiceField(
        label="渠道", required=False, choices=[("", "全部渠道"), *Channel.choices]
    )
    standing = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[
            ("", "全部状态"),
            ("arrived", "已送达"),
            ("waiting", "等待发送"),
            ("held", "待放行"),
            ("parked", "停止投递"),
        ],
    )
    model = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    pk = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """Why something is not done."""

    reason = forms.CharField(label="原因", max_length=200)


class ChannelForm(forms.Form):
    """What every channel has: on or off, and its limits."""

    is_on = forms.BooleanField(label="启用", required=False)
    per_minute = forms.IntegerField(
        label="每分钟最多发几条",
        required=False,
        min_value=1,
        max_value=6000,
        help_text="不填就不限。服务商有限制的，照它的填。",
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    hold_above = forms.IntegerField(
        label="一次超过几个人先留存",
        min_value=1,
        max_value=100_000,
        help_text="超过的先放在“待放行”里，看过文字和人数再放行。站内消息不受影响。",
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )

    def values(self) -> dict:
        """Return what ``actions.save_channel`` takes; fields of one channel alone are options."""
        data = dict(self.cleaned_data)
        own = {name: data.pop(name) for name in ("is_on", "per_minute", "hold_above")}
        return own | {"options": {name: value for name, value in data.items() if value}}


def channel_form(channel: str, setting, data) -> ChannelForm:
    """Return the form of ``channel`` with what is set now."""
    kind = CHANNEL_FORMS.get(channel, ChannelForm)
    now = {
        "is_on": setting.is_on,
        "per_minute": setting.per_minute,
        "hold_above": setting.hold_above,
    }
    return kind(data, initial=setting.options | now)


class TextMessageForm(ChannelForm):
    """The provider and what it has approved."""

    provider = forms.ChoiceField(label="服务商", choices=list(PROVIDERS.items()))
    sign_name = forms.CharField(
        label="短信签名", max_length=20, required=False, help_text="服务商审核通过的签名。"
    )
    template_code = forms.CharField(
        label="模板编号",
        max_length=40,
        required=False,
        help_text="模板只要一个变量 title，例如：${title}，请登录平台查看。",
    )
    app_id = forms.CharField(
        label="应用编号", max_length=40, required=False, help_text="腾讯云的 SdkAppId。"
    )


CHANNEL_FORMS: dict[str, type[ChannelForm]] = {Channel.SMS: TextMessageForm}


class TrialForm(forms.Form):
    """Where the trial message goes."""

    def __init__(self, *args, channel: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if channel == Channel.EMAIL:
            self.fields["address"] = forms.EmailField(label="发到邮箱")
        elif channel == Channel.SMS:
            self.fields["address"] = forms.RegexField(
                r"^\+?[0-9]{5,15}$",
                label="发到手机号",
                error_messages={"invalid": "请填一个手机号，例如 13800000000。"},
            )


class WishForm(forms.Form):
    """Which channels a person wants; only those that are open stand here."""

    def __init__(self, *args, wishes, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for wish in wishes:
            self.fields[wish.channel.value] = forms.BooleanField(
                label=wish.channel.label,
                required=False,
                initial=wish.is_wanted,
                help_text=f"发到 {wish.address}" if wish.address else "还没有登记，请联系秘书处。",
            )


class RuleForm(forms.Form):
    """One reminder rule. Channels that are not open are not offered; what was chosen stays."""

    name = forms.CharField(label="名称", max_length=60)
    is_on = forms.BooleanField(label="启用", required=False, initial=True)
    whom = forms.ChoiceField(label="什么日期，提醒谁")
    offsets = forms.CharField(
        label="哪几天提醒",
        max_length=60,
        help_text="离日期的天数，用逗号分开：-7 是提前 7 天，0 是当天，3 是过了 3 天还没办。",
        widget=forms.TextInput(attrs=MID),
    )
    in_working_days = forms.BooleanField(label="按工作日数天数", required=False)
    subject = forms.CharField(label="标题", max_length=120)
    body = forms.CharField(label="正文", widget=forms.Textarea(attrs={"class": "inp", "rows": 4}))
    channels = forms.MultipleChoiceField(
        label="站内之外再用",
        required=False,
        help_text="从上到下，前一个送不到用后一个。",
        widget=forms.CheckboxSelectMultiple,
    )
    groups = forms.MultipleChoiceField(
        label="同时发到群里", required=False, widget=forms.CheckboxSelectMultiple
    )
    quiet_from = forms.TimeField(
        label="免打扰自", widget=forms.TimeInput(attrs={"class": "inp inp-num", "type": "time"})
    )
    quiet_until = forms.TimeField(
        label="免打扰至",
        help_text="这段时间里只有站内消息，邮件和短信等到结束后再发。",
        widget=forms.TimeInput(attrs={"class": "inp inp-num", "type": "time"}),
    )

    def __init__(self, data=None, *, rule: MessageRule | None, usable) -> None:
        kept = [*rule.channels, *rule.groups] if rule else []
        super().__init__(data, initial=_initial(rule))
        self.rule = rule
        self.fields["whom"].choices = [
            (f"{source.name}|{audience}", f"{source.label}：{label}")
            for source in SOURCES.values()
            for audience, label in source.audiences.items()
        ]
        self.hidden = [each for each in kept if each not in usable]
        for name, offered in (
            ("channels", [Channel.EMAIL, Channel.SMS]),
            ("groups", list(GROUP_CHANNELS)),
        ):
            choices = [(each.value, each.label) for each in offered if each in usable]
            self.fields[name].choices = choices
            if not choices:
                del self.fields[name]

    def clean_offsets(self) -> list[int]:
        text = self.cleaned_data["offsets"].replace("，", ",").replace("−", "-")
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not parts or not all(re.fullmatch(r"-?[0-9]{1,3}", part) for part in parts):
            raise forms.ValidationError("请写天数，用逗号分开，例如 -7, -3, 0。")
        days = sorted({int(part) for part in parts})
        if days[0] < -366 or days[-1] > 366:
            raise forms.ValidationError("最多离日期一年。")
        return days

    def values(self) -> dict:
        """Return what ``actions.save_rule`` takes."""
        data = dict(self.cleaned_data)
        source, _, audience = data.pop("whom").partition("|")
        hidden = self.hidden
        data["channels"] = data.get("channels", []) + [c for c in hidden if c not in GROUP_CHANNELS]
        data["groups"] = data.get("groups", []) + [c for c in hidden if c in GROUP_CHANNELS]
        if self.rule is None:
            data["code"] = _new_code(source)
        return data | {"source": source, "audience": audience}


def _initial(rule: MessageRule | None) -> dict:
    if rule is None:
        return {"quiet_from": "21:00", "quiet_until": "08:00", "offsets": "-7, 0"}
    own = {name: getattr(rule, name) for name in ("name", "is_on", "subject", "body", "groups")}
    own |= {"channels": rule.channels, "in_working_days": rule.in_working_days}
    own |= {"quiet_from": f"{rule.quiet_from:%H:%M}", "quiet_until": f"{rule.quiet_until:%H:%M}"}
    return own | {
        "whom": f"{rule.source}|{rule.audience}",
        "offsets": ", ".join(map(str, rule.offsets)),
    }


def _new_code(source: str) -> str:
    return f"{source.replace('.', '-').replace('_', '-')[:26]}-{uuid4().hex[:12]}"


class DayForm(forms.Form):
    """A day to look at; up to a year ahead, because later nobody knows what is still open."""

    day = forms.DateField(
        label="日期",
        widget=forms.DateInput(attrs={"class": "inp inp-mid", "type": "date"}),
        error_messages={"invalid": "请填一个日期，例如 2026-12-01。"},
    )

    def __init__(self, data=None, *, today: date) -> None:
        super().__init__(data, initial={"day": today})
        self.today = today

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        if abs(day - self.today) > timedelta(days=366):
            raise forms.ValidationError("只能看前后一年之内的日子。")
        return day
