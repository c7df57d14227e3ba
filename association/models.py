"""The ground floor's records: audit trail, stored files, jobs, messages, working days."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from association.working_days import WorkingCalendar


def user_reference(related_name: str, verbose_name: str, **options) -> models.ForeignKey:
    """Point at the person who did something; accountability outlives tidiness, so PROTECT."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name=related_name,
        **options,
    )


def both_or_neither(first: str, second: str, *, name: str) -> models.CheckConstraint:
    """Keep a pair such as ``submitted_at`` and ``submitted_by`` both set or both empty."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{first}__isnull": True, f"{second}__isnull": True})
        | Q(**{f"{first}__isnull": False, f"{second}__isnull": False}),
    )


class AppendOnlyError(TypeError):
    """Somebody tried to rewrite history."""


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **kwargs):
        raise AppendOnlyError("These rows are never changed.")

    def delete(self):
        raise AppendOnlyError("These rows are never deleted.")


class AuditEvent(models.Model):
    """One act of one person, written in the same transaction as the act itself.

    The row stands alone: it holds labels and identifiers, no foreign keys, so that it outlives
    the user, the pharmacy and the record it speaks of. A database trigger refuses UPDATE,
    DELETE and TRUNCATE.
    """

    act = models.CharField("操作", max_length=64)
    actor_id = models.CharField("操作人编号", max_length=32)
    actor_label = models.CharField("操作人", max_length=150)
    actor_role = models.CharField("以何角色", max_length=32, blank=True)
    target_model = models.CharField("对象类型", max_length=64)
    target_id = models.CharField("对象编号", max_length=64)
    target_label = models.CharField("对象", max_length=200)
    detail = models.JSONField("明细", default=dict)
    happened_at = models.DateTimeField("发生时间")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "操作记录"
        indexes = [
            models.Index(
                fields=["target_model", "target_id", "-happened_at"], name="audit_by_target"
            ),
            models.Index(fields=["-happened_at", "-id"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.target_label} #{self.pk}"

    def save(self, *args, **kwargs) -> None:
        if self.pk is not None:
            raise AppendOnlyError("Audit events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyError("Audit events are never deleted.")


class AuditSeal(models.Model):
    """One batch of audit lines under one root (封存), tied to the batch before it.

    Whoever wrote down ``hash`` can later prove that none of the lines up to it has changed.
    Appended only: the same trigger as on the trail itself.
    """

    number = models.PositiveIntegerField("编号", unique=True)
    count = models.PositiveIntegerField("记录数")
    root = models.CharField("树根", max_length=64)
    previous = models.CharField("前一号校验值", max_length=64)
    hash = models.CharField("校验值", max_length=64, unique=True)
    sealed_at = models.DateTimeField("封存时间")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "封存"
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gt=0), name="association_auditseal_is_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 号封存"


class AuditSealEntry(models.Model):
    """Which audit line lies at which place of a seal, and what it weighed there."""

    seal = models.ForeignKey(
        AuditSeal, verbose_name="封存", on_delete=models.PROTECT, related_name="entries"
    )
    position = models.PositiveIntegerField("位置")
    # A number, no foreign key: the entry must outlive a line that somebody removed.
    event_id = models.BigIntegerField("操作记录编号", unique=True)
    leaf = models.CharField("记录校验值", max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "封存目录"
        constraints = [
            models.UniqueConstraint(
                fields=["seal", "position"], name="association_auditsealentry_one_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position} #{self.event_id}"


class ReadEvent(models.Model):
    """One look at a sealed or otherwise guarded value: who saw what of whom, when and why.

    Written before the value is shown (association.read_log); the person concerned can read the
    lines about the own record. Append-only in the same three ways as the audit trail.
    """

    reader_id = models.CharField("查看人编号", max_length=32)
    reader_label = models.CharField("查看人", max_length=150)
    reader_role = models.CharField("以何角色", max_length=32, blank=True)
    what = models.CharField("看了什么", max_length=60)
    target_model = models.CharField("对象类型", max_length=64)
    target_id = models.CharField("对象编号", max_length=64)
    target_label = models.CharField("对象", max_length=200)
    reason = models.CharField("理由", max_length=200)
    happened_at = models.DateTimeField("查看时间")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "查看记录"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="association_readevent_says_why"),
        ]
        indexes = [
            models.Index(
                fields=["target_model", "target_id", "-happened_at"], name="read_by_target"
            ),
            models.Index(fields=["reader_id", "-happened_at"], name="read_by_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.target_label} #{self.pk}"

    def save(self, *args, **kwargs) -> None:
        if self.pk is not None:
            raise AppendOnlyError("Read events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyError("Read events are never deleted.")


class StoredFile(models.Model):
    """A paper or photo that somebody handed in: private, checked, re-encoded, never public.

    Rooms link their own record to it and serve it through their own guarded view. An erased
    file keeps its row (who, when, why) and loses its bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original_name = models.CharField("原文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("字节数")
    sha256 = models.CharField("SHA-256", max_length=64)
    path = models.CharField("存放位置", max_length=200, unique=True)
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = user_reference("+", "上传人", null=True, blank=True)
    erased_at = models.DateTimeField("清除时间", null=True, blank=True)
    erased_reason = models.CharField("清除原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "存档文件"
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at=None) | ~Q(erased_reason=""),
                name="association_storedfile_erased_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.original_name


class JobState(models.TextChoices):
    WAITING = "waiting", "排队中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    FAILED = "failed", "没有完成"
    CANCELLED = "cancelled", "已取消"


class Job(models.Model):
    """A piece of background work: the row is the truth, Celery only wakes the drainer.

    ``key`` makes asking twice harmless. ``attempts`` is counted before running, so that a job
    that kills its worker is parked after five tries instead of looping for ever.
    """

    kind = models.CharField("种类", max_length=64)
    key = models.CharField("唯一键", max_length=200, unique=True)
    label = models.CharField("名称", max_length=200)
    queue = models.CharField("队列", max_length=32, default="default")
    payload = models.JSONField("参数", default=dict)
    state = models.CharField(
        "状态", max_length=16, choices=JobState.choices, default=JobState.WAITING
    )
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    not_before = models.DateTimeField("不早于")
    lease_until = models.DateTimeField("占用至", null=True, blank=True)
    done_count = models.PositiveIntegerField("已完成数", default=0)
    total_count = models.PositiveIntegerField("总数", null=True, blank=True)
    current_item = models.CharField("正在处理", max_length=200, blank=True)
    problems = models.JSONField("问题", default=list)
    result = models.JSONField("结果", default=dict)
    result_file = models.ForeignKey(
        StoredFile,
        verbose_name="结果文件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    result_url = models.CharField("结果页面", max_length=200, blank=True)
    last_error = models.TextField("最近错误", blank=True)
    created_at = models.DateTimeField("提交时间")
    created_by = user_reference("jobs", "提交人", null=True, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=JobState.values), name="association_job_state_known"
            ),
            models.CheckConstraint(
                condition=Q(total_count=None) | Q(done_count__lte=F("total_count")),
                name="association_job_done_within_total",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "not_before", "id"],
                condition=Q(state__in=["waiting", "running"]),
                name="job_claimable",
            ),
            models.Index(fields=["created_by", "-created_at"], name="job_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.label} #{self.pk}"


class Message(models.Model):
    """What is said, once; who gets it stands in ``Delivery``."""

    subject = models.CharField("标题", max_length=120)
    body = models.TextField("正文")
    link = models.CharField("链接", max_length=300, blank=True)
    posted_at = models.DateTimeField("发出时间")
    # What it speaks of, by name and number as in the audit trail: it outlives the record.
    about_model = models.CharField("对象类型", max_length=64, blank=True)
    about_id = models.CharField("对象编号", max_length=64, blank=True)
    about_label = models.CharField("对象", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        indexes = [
            models.Index(
                fields=["about_model", "about_id"],
                condition=~Q(about_model=""),
                name="message_by_record",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class Channel(models.TextChoices):
    IN_APP = "in_app", "站内消息"
    EMAIL = "email", "邮件"
    SMS = "sms", "短信"
    WECOM = "wecom", "企业微信群"
    DINGTALK = "dingtalk", "钉钉群"
    FEISHU = "feishu", "飞书群"


# A group has members of its own: what goes there has no person as recipient.
GROUP_CHANNELS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)


class DeliveryQuerySet(models.QuerySet):
    def in_app(self) -> "DeliveryQuerySet":
        """What lies in somebody's inbox, or is about to."""
        return self.filter(channel=Channel.IN_APP)

    def outward(self) -> "DeliveryQuerySet":
        """What leaves the portal."""
        return self.exclude(channel=Channel.IN_APP)

    def waiting(self) -> "DeliveryQuerySet":
        """Neither delivered nor given up."""
        return self.filter(delivered_at=None, parked_at=None)

    def held(self) -> "DeliveryQuerySet":
        """Waiting for somebody to look at it and let it go."""
        return self.waiting().filter(not_before=None)

    def parked(self) -> "DeliveryQuerySet":
        """Given up: nobody tries again before a person says so."""
        return self.filter(delivered_at=None, parked_at__isnull=False)


class Delivery(models.Model):
    """One message to one person by one channel; ``key`` makes a repeat impossible.

    ``not_before`` empty means held: a person has to release it first. ``after`` names the
    channels that are tried in turn when this one gives up.
    """

    key = models.CharField("唯一键", max_length=200, unique=True)
    message = models.ForeignKey(
        Message, verbose_name="消息", on_delete=models.PROTECT, related_name="deliveries"
    )
    recipient = user_reference("deliveries", "收件人", null=True, blank=True)
    channel = models.CharField(
        "渠道", max_length=16, choices=Channel.choices, default=Channel.IN_APP
    )
    after = models.JSONField("之后的渠道", default=list, blank=True)
    replaces = models.ForeignKey(
        "self",
        verbose_name="代替",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replacements",
    )
    not_before = models.DateTimeField("不早于", null=True, blank=True)
    delivered_at = models.DateTimeField("送达时间", null=True, blank=True)
    address = models.CharField("送往", max_length=254, blank=True)
    read_at = models.DateTimeField("已读时间", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    lease_until = models.DateTimeField("占用至", null=True, blank=True)
    parked_at = models.DateTimeField("停止投递时间", null=True, blank=True)
    last_error = models.TextField("最近错误", blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = verbose_name = "投递"
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="association_delivery_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(recipient=None, channel__in=GROUP_CHANNELS)
                | (Q(recipient__isnull=False) & ~Q(channel__in=GROUP_CHANNELS)),
                name="association_delivery_person_or_group",
            ),
            models.CheckConstraint(
                condition=Q(parked_at=None) | (Q(delivered_at=None) & ~Q(last_error="")),
                name="association_delivery_parked_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "not_before", "id"],
                condition=Q(delivered_at=None, parked_at=None),
                name="delivery_due",
            ),
            models.Index(fields=["recipient", "-delivered_at"], name="delivery_inbox"),
            models.Index(
                fields=["-parked_at"], condition=Q(parked_at__isnull=False), name="delivery_parked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message} → {self.recipient_id} #{self.pk}"


class Outcome(models.TextChoices):
    SENT = "sent", "已送出"
    FAILED = "failed", "没有送出"
    REFUSED = "refused", "对方拒收"
    AWAY = "away", "渠道连不上"


class DeliveryAttempt(models.Model):
    """One try to send, written before it: an empty outcome is a try that somebody cut short."""

    delivery = models.ForeignKey(
        Delivery, verbose_name="投递", on_delete=models.PROTECT, related_name="tries"
    )
    channel = models.CharField("渠道", max_length=16, choices=Channel.choices)
    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    outcome = models.CharField("结果", max_length=16, choices=Outcome.choices, blank=True)
    detail = models.CharField("说明", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "投递尝试"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None)
                | (Q(outcome__in=Outcome.values) & Q(ended_at__isnull=False)),
                name="association_deliveryattempt_ended_with_outcome",
            ),
        ]
        indexes = [models.Index(fields=["channel", "-started_at"], name="attempt_by_channel")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.outcome} #{self.pk}"


class ChannelSetting(models.Model):
    """Whether a channel is used, and how it fares; its secrets stand in the environment.

    ``failures`` counts how often in a row nobody answered there; until ``rest_until`` nothing
    is tried, so that a server that is away is not stormed.
    """

    channel = models.CharField("渠道", max_length=16, choices=Channel.choices, primary_key=True)
    is_on = models.BooleanField("启用", default=False)
    options = models.JSONField("参数", default=dict, blank=True)
    per_minute = models.PositiveSmallIntegerField("每分钟最多", null=True, blank=True)
    hold_above = models.PositiveIntegerField("超过多少人先留存", default=50)
    failures = models.PositiveSmallIntegerField("连续连不上次数", default=0)
    rest_until = models.DateTimeField("暂停至", null=True, blank=True)
    last_error = models.CharField("最近错误", max_length=500, blank=True)
    changed_at = models.DateTimeField("更改时间", null=True, blank=True)
    changed_by = user_reference("+", "更改人", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息渠道"
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values[1:]),
                name="association_channelsetting_leaves_the_portal",
            ),
        ]

    def __str__(self) -> str:
        return self.get_channel_display()


class ChannelChoice(models.Model):
    """What a person has said about a channel; without a row it may be used."""

    user = user_reference("channel_choices", "用户")
    channel = models.CharField("渠道", max_length=16, choices=Channel.choices)
    is_wanted = models.BooleanField("接收")
    changed_at = models.DateTimeField("更改时间")

    class Meta:
        verbose_name = verbose_name_plural = "接收方式"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "channel"], name="association_channelchoice_one_each"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=[Channel.EMAIL, Channel.SMS]),
                name="association_channelchoice_of_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.get_channel_display()}"


class Heartbeat(models.Model):
    """The last sign of life of a background process; the jobs page warns when it grows old."""

    name = models.CharField("进程", max_length=40, primary_key=True)
    seen_at = models.DateTimeField("最近一次")

    class Meta:
        verbose_name = verbose_name_plural = "进程心跳"

    def __str__(self) -> str:
        return self.name


class CalendarDayQuerySet(models.QuerySet):
    def calendar(self) -> WorkingCalendar:
        """Return the table of working days as one plain value for the pure arithmetic."""
        rows = dict(self.values_list("day", "is_working"))
        return WorkingCalendar(rows, frozenset(day.year for day in rows))


class CalendarDay(models.Model):
    """A day that differs from its weekday: an official day off or a make-up working day (调休).

    Source: the yearly notice of the State Council's General Office; a year without a single row
    is unknown, and every reckoning over it says so.
    """

    day = models.DateField("日期", primary_key=True)
    is_working = models.BooleanField("是工作日")
    name = models.CharField("名称", max_length=40)
    source = models.CharField("依据", max_length=300, blank=True)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "节假日与调休"

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
