"""What the association says about itself, by which rules it reminds, which filters are kept."""

from datetime import time
from urllib.parse import urlencode

from django.db import models
from django.db.models import Q

from association.models import Message, StoredFile, both_or_neither, user_reference

ONLY = 1


class AssociationProfile(models.Model):
    """The association of this installation: names, contact, who signs. There is one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    name = models.CharField("协会全称", max_length=60)
    short_name = models.CharField("简称", max_length=20, blank=True)
    mark = models.ForeignKey(
        StoredFile,
        verbose_name="标识",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    address = models.CharField("地址", max_length=120, blank=True)
    contact_phone = models.CharField("联系电话", max_length=40, blank=True)
    complaint_phone = models.CharField("投诉电话", max_length=40, blank=True)
    certificate_signer = models.CharField("证书落款", max_length=60, blank=True)
    certificate_number_pattern = models.CharField(
        "证书编号格式", max_length=60, default="{year}-{number:04}"
    )
    filings_footer = models.CharField("备案信息", max_length=200, blank=True)
    set_up_at = models.DateTimeField("完成首次设置时间", null=True, blank=True)
    set_up_by = user_reference("+", "完成首次设置的人", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "协会资料"
        constraints = [
            models.CheckConstraint(condition=Q(id=ONLY), name="desk_associationprofile_only_one"),
            both_or_neither("set_up_at", "set_up_by", name="desk_associationprofile_set_up_pair"),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name


class MessageRule(models.Model):
    """One reminder as data: which date, how many days from it, to whom, in which words.

    ``source`` is the name of a date source (association.date_sources); empty ``offsets`` leave
    the days to the record, where its kind has its own.
    """

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    is_on = models.BooleanField("启用", default=True)
    source = models.CharField("日期", max_length=60)
    audience = models.CharField("提醒谁", max_length=40)
    offsets = models.JSONField("离日期几天", default=list, blank=True)
    in_working_days = models.BooleanField("按工作日数", default=False)
    channels = models.JSONField("站内之外的渠道", default=list, blank=True)
    groups = models.JSONField("同时发到的群", default=list, blank=True)
    quiet_from = models.TimeField("免打扰自", default=time(21))
    quiet_until = models.TimeField("免打扰至", default=time(8))
    subject = models.CharField("标题", max_length=120)
    body = models.TextField("正文")
    changed_at = models.DateTimeField("更改时间")
    changed_by = user_reference("+", "更改人", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "提醒规则"
        constraints = [
            models.CheckConstraint(
                condition=~Q(subject="") & ~Q(body=""), name="desk_messagerule_says_something"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def days_in_words(self) -> str:
        """Return when it reminds, for people: 提前 7 天、当天、过了 3 天."""
        unit = "个工作日" if self.in_working_days else "天"
        words = [
            f"提前 {-n} {unit}" if n < 0 else f"过了 {n} {unit}" if n else "当天"
            for n in self.offsets
        ]
        return "、".join(words) or "按事项自己的天数"


class ReminderDay(models.Model):
    """A day whose reminders have gone out; a day without a row is caught up by the next run."""

    day = models.DateField("日期", primary_key=True)
    ran_at = models.DateTimeField("运行时间")
    people = models.PositiveIntegerField("提醒人次", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "提醒日"

    def __str__(self) -> str:
        return self.day.isoformat()


class SentReminder(models.Model):
    """One reminder to one person, for ever: ``key`` makes a repeat impossible."""

    key = models.CharField("唯一键", max_length=200, unique=True)
    rule = models.ForeignKey(
        MessageRule, verbose_name="规则", on_delete=models.PROTECT, related_name="sent"
    )
    day = models.DateField("日期")
    person = user_reference("+", "提醒了谁")
    message = models.ForeignKey(
        Message, verbose_name="消息", on_delete=models.PROTECT, related_name="reminders"
    )

    class Meta:
        verbose_name = verbose_name_plural = "已发提醒"
        indexes = [models.Index(fields=["day", "person"], name="sent_reminder_by_day")]

    def __str__(self) -> str:
        return self.key


class SavedFilterQuerySet(models.QuerySet):
    def visible_to(self, user) -> "SavedFilterQuerySet":
        """One's own; those shared with the office for whoever holds a granted role."""
        own = Q(owner=user)
        return self.filter(own | Q(is_shared=True) if user.area_roles else own)


class SavedFilter(models.Model):
    """A filter of a list that somebody wants again (常用筛选): the list, a name, what was asked.

    ``list_name`` is the name of the address, such as ``members:list``; ``parameters`` is the
    query of that address, text to text.
    """

    owner = user_reference("saved_filters", "保存人")
    list_name = models.CharField("列表", max_length=60)
    name = models.CharField("名称", max_length=30)
    parameters = models.JSONField("条件", default=dict)
    is_shared = models.BooleanField("秘书处共用", default=False)
    saved_at = models.DateTimeField("保存时间")

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "常用筛选"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_name", "name"], name="desk_savedfilter_name_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="desk_savedfilter_named"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def query(self) -> str:
        """What stands after the question mark of the list's address."""
        return urlencode(self.parameters)
