"""The work list (工作清单): 5 basics, 10 categories, 36 items; what was done, and the problems."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from accounts.roles import Role
from association.models import StoredFile, both_or_neither, user_reference
from party.enums import ProblemState, WorkState
from party.models.organisations import PartyOrganisation, organisations_kept_by
from party.periods import period_name


class WorkItemQuerySet(models.QuerySet):
    def in_force(self, day: date) -> "WorkItemQuerySet":
        """Items whose days of validity include ``day``."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


class WorkItem(models.Model):
    """One item of the list with indicator, rhythm, owner and evidence; default content.

    A changed item is a new row from a later day. ``metric`` names a figure that the portal may
    compute by itself (party.metrics); whether it can is seen there.
    """

    code = models.CharField("代码", max_length=20)  # with its register: work/D01
    basic_code = models.CharField("基本代码", max_length=8)
    basic = models.CharField("基本", max_length=40)
    category_code = models.CharField("类别代码", max_length=8)
    category = models.CharField("类别", max_length=40)
    name = models.CharField("事项", max_length=60)
    indicator = models.CharField("指标", max_length=100)
    rhythm = models.CharField("频次", max_length=16)
    due_rule = models.CharField("期限规则", max_length=20, blank=True)
    owner = models.CharField("责任岗位", max_length=20)
    evidence = models.JSONField("佐证", default=list)
    metric = models.CharField("自动指标", max_length=40, blank=True)
    source = models.CharField("依据", max_length=200)
    starts_on = models.DateField("施行日")
    ends_on = models.DateField("停止日", null=True, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=0)

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "清单事项"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "starts_on"], name="party_workitem_code_from_day_unique"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="party_workitem_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkTaskQuerySet(models.QuerySet):
    def visible_to(self, user) -> "WorkTaskQuerySet":
        """The work of the organisations whose ledger the person keeps."""
        return self.filter(organisation__in=organisations_kept_by(user))

    def unfinished(self) -> "WorkTaskQuerySet":
        """Work that is neither done nor not applicable."""
        return self.exclude(state__in=[WorkState.DONE, WorkState.NOT_APPLICABLE])

    def overdue(self, *, on: date) -> "WorkTaskQuerySet":
        """Unfinished work whose last day is over."""
        return self.unfinished().filter(due_on__lt=on)


class WorkTask(models.Model):
    """One item in one period at one organisation: who sees to it, what came of it.

    ``figure`` is typed by hand with its day and paper where the portal has no figure of its own.
    """

    organisation = models.ForeignKey(
        PartyOrganisation,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        related_name="work_tasks",
    )
    item = models.ForeignKey(
        WorkItem, verbose_name="清单事项", on_delete=models.PROTECT, related_name="tasks"
    )
    period_start = models.DateField("自")
    period_end = models.DateField("至")
    due_on = models.DateField("最晚日期")
    owner_name = models.CharField("责任人", max_length=50, blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=WorkState.choices, default=WorkState.NOT_STARTED
    )
    figure = models.CharField("数字", max_length=60, blank=True)
    figure_on = models.DateField("数字截至", null=True, blank=True)
    figure_paper = models.CharField("数字出处", max_length=120, blank=True)
    note = models.TextField("完成情况", blank=True)
    reported_at = models.DateTimeField("提交时间", null=True, blank=True)
    reported_by = user_reference("+", "提交人", null=True, blank=True)
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)
    reviewed_by = user_reference("+", "审核人", null=True, blank=True)
    review_note = models.CharField("审核意见", max_length=200, blank=True)

    objects = WorkTaskQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "清单任务"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "item", "period_start"],
                name="party_worktask_once_per_period",
            ),
            models.CheckConstraint(
                condition=Q(period_start__lte=F("due_on")) & Q(period_start__lte=F("period_end")),
                name="party_worktask_due_in_period",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WorkState.values), name="party_worktask_state_known"
            ),
            models.CheckConstraint(
                condition=Q(figure="", figure_on=None, figure_paper="")
                | (Q(figure_on__isnull=False) & ~Q(figure="") & ~Q(figure_paper="")),
                name="party_worktask_figure_with_day_and_paper",
            ),
            both_or_neither("reported_at", "reported_by", name="party_worktask_reported_pair"),
            both_or_neither("reviewed_at", "reviewed_by", name="party_worktask_reviewed_pair"),
            models.CheckConstraint(
                condition=~Q(state=WorkState.DONE)
                | (Q(reviewed_by__isnull=False) & ~Q(reviewed_by=F("reported_by"))),
                name="party_worktask_done_by_second_person",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "due_on"], name="party_work_by_due_day")]

    def __str__(self) -> str:
        return f"{self.period}{self.item.name}"

    @property
    def period(self) -> str:
        """What people call the period: 2026年3月."""
        return period_name(self.period_start, self.period_end)

    @property
    def audit_label(self) -> str:
        """What the audit trail of the house may call it: no subject, no name."""
        return "一项清单任务"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.organisation.roles_of(user)


class WorkPaperQuerySet(models.QuerySet):
    def visible_to(self, user) -> "WorkPaperQuerySet":
        """Papers of the work that the person may see."""
        return self.filter(task__organisation__in=organisations_kept_by(user))


class WorkPaper(models.Model):
    """Evidence (佐证) for one task; ``evidence`` says which of the item's papers it is."""

    task = models.ForeignKey(
        WorkTask, verbose_name="清单任务", on_delete=models.PROTECT, related_name="papers"
    )
    stored = models.OneToOneField(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="work_paper"
    )
    evidence = models.CharField("哪份佐证", max_length=40)
    added_at = models.DateTimeField("上传时间")
    added_by = user_reference("+", "上传人")

    objects = WorkPaperQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "清单佐证"

    def __str__(self) -> str:
        return f"{self.evidence} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.task.roles_of(user)


class ProblemQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ProblemQuerySet":
        """The problems of the organisations whose ledger the person keeps."""
        return self.filter(organisation__in=organisations_kept_by(user))

    def open(self) -> "ProblemQuerySet":
        """Problems that nobody has accepted as solved."""
        return self.exclude(state=ProblemState.ACCEPTED)

    def overdue(self, *, on: date) -> "ProblemQuerySet":
        """Open problems whose last day is over."""
        return self.open().filter(due_on__lt=on)


class Problem(models.Model):
    """A line of the problem list that turns into a line of the result list (问题清单→成效清单).

    It is struck off only by an acceptor who is not the person responsible, with a paper.
    """

    organisation = models.ForeignKey(
        PartyOrganisation, verbose_name="党组织", on_delete=models.PROTECT, related_name="problems"
    )
    task = models.ForeignKey(
        WorkTask,
        verbose_name="清单任务",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="problems",
    )
    source = models.CharField("问题来源", max_length=80)
    description = models.TextField("问题描述")
    owner_name = models.CharField("责任人", max_length=50)
    measure = models.TextField("措施")
    due_on = models.DateField("时限")
    state = models.CharField(
        "状态", max_length=16, choices=ProblemState.choices, default=ProblemState.OPEN
    )
    result = models.TextField("成效", blank=True)
    paper = models.OneToOneField(
        StoredFile,
        verbose_name="佐证",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="problem_result",
    )
    raised_at = models.DateTimeField("登记时间")
    raised_by = user_reference("+", "登记人")
    solved_at = models.DateTimeField("报成效时间", null=True, blank=True)
    solved_by = user_reference("+", "报成效人", null=True, blank=True)
    accepted_at = models.DateTimeField("验收时间", null=True, blank=True)
    accepted_by = user_reference("+", "验收登记人", null=True, blank=True)
    acceptor_name = models.CharField("验收人", max_length=50, blank=True)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "问题与成效"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ProblemState.values), name="party_problem_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ProblemState.OPEN)
                | (Q(solved_at__isnull=False, paper__isnull=False) & ~Q(result="")),
                name="party_problem_solved_with_result_and_paper",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProblemState.ACCEPTED)
                | (
                    Q(accepted_at__isnull=False)
                    & ~Q(acceptor_name="")
                    & ~Q(acceptor_name=F("owner_name"))
                    & ~Q(accepted_by=F("solved_by"))
                ),
                name="party_problem_accepted_by_somebody_else",
            ),
            both_or_neither("solved_at", "solved_by", name="party_problem_solved_pair"),
            both_or_neither("accepted_at", "accepted_by", name="party_problem_accepted_pair"),
        ]

    def __str__(self) -> str:
        return self.description[:40]

    @property
    def audit_label(self) -> str:
        """What the audit trail of the house may call it: no subject, no name."""
        return "一个问题"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.organisation.roles_of(user)
