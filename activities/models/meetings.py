"""Meetings of the association: what was on the agenda, who came, what is to be done by whom."""

from datetime import date

from django.db import models
from django.db.models import Q

from accounts.roles import Role
from activities.enums import Rhythm
from activities.models.activities import Activity
from activities.models.duties import follows_programme, roles_at
from activities.rolling import LADDER, level_on
from association.models import both_or_neither, user_reference


class Minutes(models.Model):
    """The minutes of an activity that is a meeting; the names are written as people say them."""

    activity = models.OneToOneField(
        Activity, verbose_name="会议", on_delete=models.PROTECT, related_name="minutes"
    )
    chair = models.CharField("主持人", max_length=40)
    recorder = models.CharField("记录人", max_length=40)
    present = models.TextField("到会")
    away = models.TextField("请假、缺席", blank=True)
    written_at = models.DateTimeField("记录时间")
    written_by = user_reference("+", "记录人账号")

    class Meta:
        verbose_name = verbose_name_plural = "会议纪要"
        constraints = [
            models.CheckConstraint(
                condition=~Q(chair="") & ~Q(recorder="") & ~Q(present=""),
                name="activities_minutes_say_who",
            ),
        ]

    def __str__(self) -> str:
        return f"纪要 #{self.pk}"


class AgendaItem(models.Model):
    """One line of the agenda and what was said and settled about it."""

    minutes = models.ForeignKey(
        Minutes, verbose_name="会议纪要", on_delete=models.PROTECT, related_name="agenda"
    )
    order = models.PositiveSmallIntegerField("顺序")
    title = models.CharField("议题", max_length=120)
    said = models.TextField("讨论与结论", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "会议议题"
        constraints = [
            models.UniqueConstraint(
                fields=["minutes", "order"], name="activities_agendaitem_order_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ActionItemQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ActionItemQuerySet":
        """What the meetings set, for those who keep or follow the programme."""
        if not follows_programme(user):
            return self.none()
        return self.filter(set_in__in=Activity.objects.visible_to(user))

    def open(self) -> "ActionItemQuerySet":
        """Neither done nor dropped."""
        return self.filter(done_at=None, dropped_at=None)

    def overdue(self, *, on: date) -> "ActionItemQuerySet":
        """Open items whose day is over."""
        return self.open().filter(due_on__lt=on)


class ActionItem(models.Model):
    """What a meeting gave somebody to do by a day; it stays on a list until it is done.

    ``level`` is the rhythm of the meeting that set it; on whose list it stands today follows from
    it and the day (``activities.rolling``).
    """

    set_in = models.ForeignKey(
        Activity, verbose_name="提出的会议", on_delete=models.PROTECT, related_name="action_items"
    )
    level = models.CharField("提出的层级", max_length=16, choices=Rhythm.choices)
    text = models.CharField("事项", max_length=200)
    owner_name = models.CharField("责任人", max_length=40)
    owner = user_reference("action_items", "责任人账号", null=True, blank=True)
    due_on = models.DateField("完成期限")
    set_at = models.DateTimeField("提出时间")
    set_by = user_reference("+", "登记人")
    done_at = models.DateTimeField("办结时间", null=True, blank=True)
    done_by = user_reference("+", "办结登记人", null=True, blank=True)
    done_note = models.CharField("办结情况", max_length=200, blank=True)
    dropped_at = models.DateTimeField("不再办时间", null=True, blank=True)
    dropped_by = user_reference("+", "登记人（不再办）", null=True, blank=True)
    dropped_reason = models.CharField("不再办的原因", max_length=200, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "督办事项"
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=LADDER), name="activities_actionitem_level_known"
            ),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(owner_name=""), name="activities_actionitem_says_who"
            ),
            both_or_neither("done_at", "done_by", name="activities_actionitem_done_pair"),
            both_or_neither("dropped_at", "dropped_by", name="activities_actionitem_dropped_pair"),
            models.CheckConstraint(
                condition=Q(dropped_at=None, dropped_reason="")
                | (Q(dropped_at__isnull=False, done_at=None) & ~Q(dropped_reason="")),
                name="activities_actionitem_dropped_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="actionitem_by_due_day")]

    def __str__(self) -> str:
        return self.text

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.done_at is None and self.dropped_at is None

    def level_on(self, day: date) -> str:
        """Return which meeting looks after it on ``day``; its meeting must be read along."""
        return level_on(self.level, self.set_in.held_on, day)

    def roles_of(self, user) -> frozenset[Role]:
        """Roles at the host of the meeting that set it."""
        return roles_at(self.set_in.organisation, user)
