"""三会一课: meetings, who was due and who came, what was put to the vote, the papers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.roles import Role
from association.models import StoredFile, both_or_neither, user_reference
from party.enums import (
    Ballot,
    MeetingKind,
    MeetingPaperKind,
    MeetingState,
    Presence,
    Rights,
    Standing,
)
from party.models.members import PartyMember
from party.models.organisations import PartyOrganisation, organisations_kept_by


class MeetingQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MeetingQuerySet":
        """The meetings of the organisations whose ledger the person keeps."""
        return self.filter(organisation__in=organisations_kept_by(user))

    def standing(self) -> "MeetingQuerySet":
        """Meetings that were neither cancelled nor discarded."""
        return self.exclude(state__in=[MeetingState.CANCELLED, MeetingState.DISCARDED])

    def held(self) -> "MeetingQuerySet":
        """Meetings that took place and whose record stands."""
        return self.filter(state__in=[MeetingState.HELD, MeetingState.CLOSED])


class Meeting(models.Model):
    """One meeting of a Party organisation, from the plan to the filed minutes.

    ``kind`` is what was convened; ``also`` what the same occasion counts for besides. A joint
    meeting (党政联席会) may be minuted, but decides nothing for the branch: a trigger refuses its
    motions.
    """

    organisation = models.ForeignKey(
        PartyOrganisation, verbose_name="党组织", on_delete=models.PROTECT, related_name="meetings"
    )
    kind = models.CharField("会议类型", max_length=16, choices=MeetingKind.choices)
    also = ArrayField(
        models.CharField(max_length=16, choices=MeetingKind.choices),
        verbose_name="同时计入",
        default=list,
        blank=True,
    )
    title = models.CharField("名称", max_length=80)
    starts_at = models.DateTimeField("时间")
    place = models.CharField("地点", max_length=100, blank=True)
    agenda = models.TextField("议程", blank=True)
    chair = models.CharField("主持人", max_length=50, blank=True)
    recorder = models.CharField("记录人", max_length=50, blank=True)
    guests = models.CharField("列席人员", max_length=300, blank=True)
    minutes = models.TextField("会议记录", blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=MeetingState.choices, default=MeetingState.PLANNED
    )
    created_at = models.DateTimeField("登记时间")
    created_by = user_reference("+", "登记人")
    sequence = models.PositiveIntegerField("改动次数", default=0)  # of what calendars show
    changed_at = models.DateTimeField("改动时间", null=True, blank=True)
    announced_at = models.DateTimeField("通知时间", null=True, blank=True)
    closed_at = models.DateTimeField("归档时间", null=True, blank=True)
    closed_by = user_reference("+", "归档人", null=True, blank=True)
    set_aside_reason = models.CharField("取消或作废原因", max_length=200, blank=True)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "组织生活"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=MeetingKind.values), name="party_meeting_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(also__contained_by=MeetingKind.values),
                name="party_meeting_also_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=MeetingState.values), name="party_meeting_state_known"
            ),
            both_or_neither("closed_at", "closed_by", name="party_meeting_closed_pair"),
            models.CheckConstraint(
                condition=(Q(state=MeetingState.CLOSED, closed_at__isnull=False) & ~Q(minutes=""))
                | (~Q(state=MeetingState.CLOSED) & Q(closed_at=None)),
                name="party_meeting_closed_has_minutes",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=[MeetingState.CANCELLED, MeetingState.DISCARDED])
                    & ~Q(set_aside_reason="")
                )
                | (
                    ~Q(state__in=[MeetingState.CANCELLED, MeetingState.DISCARDED])
                    & Q(set_aside_reason="")
                ),
                name="party_meeting_set_aside_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(kind=MeetingKind.JOINT) | Q(also=[]),
                name="party_meeting_joint_counts_for_nothing_else",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-starts_at"], name="party_meeting_by_day"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_label(self) -> str:
        """What the audit trail of the house may call it: its kind, no subject."""
        return self.get_kind_display()

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.organisation.roles_of(user)

    @property
    def counts_for(self) -> tuple[str, ...]:
        """The kinds that this one occasion meets."""
        return (self.kind, *self.also)


class RollEntry(models.Model):
    """One member on the roll: due, and whether they came.

    Standing and rights are those of the day of the meeting: who was on probation then had no vote
    then, whatever has come since.
    """

    meeting = models.ForeignKey(
        Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="roll"
    )
    member = models.ForeignKey(
        PartyMember, verbose_name="党员", on_delete=models.PROTECT, related_name="roll_entries"
    )
    standing = models.CharField("党员类别", max_length=16, choices=Standing.choices)
    rights = models.CharField("党员权利", max_length=16, choices=Rights.choices)
    has_vote_here = models.BooleanField("组织关系在本支部")
    presence = models.CharField("到会情况", max_length=16, choices=Presence.choices, blank=True)
    reason = models.CharField("请假或缺席原因", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "签到"
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "member"],
                name="party_rollentry_once",
                violation_error_message="这名党员已在名单里。",
            ),
            models.CheckConstraint(
                condition=Q(presence="") | Q(presence__in=Presence.values),
                name="party_rollentry_presence_known",
            ),
            models.CheckConstraint(
                condition=~Q(presence=Presence.EXCUSED) | ~Q(reason=""),
                name="party_rollentry_excuse_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}·{self.member_id}"


class Motion(models.Model):
    """A matter put to the vote: the tally, the rule as it stood, and what came of it.

    Only tallies, never who voted how: that holds for a show of hands as well as for ballots.
    ``basis`` is what the arithmetic read and said; ``is_passed`` is empty while nobody has voted.
    """

    meeting = models.ForeignKey(
        Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="motions"
    )
    order = models.PositiveSmallIntegerField("序号")
    title = models.CharField("议题", max_length=200)
    ballot = models.CharField("表决方式", max_length=16, choices=Ballot.choices)
    votes_for = models.PositiveSmallIntegerField("赞成", null=True, blank=True)
    votes_against = models.PositiveSmallIntegerField("不赞成", null=True, blank=True)
    abstentions = models.PositiveSmallIntegerField("弃权", null=True, blank=True)
    is_passed = models.BooleanField("通过", null=True, blank=True)
    basis = models.JSONField("计票依据", default=dict, blank=True)
    voted_at = models.DateTimeField("计票时间", null=True, blank=True)
    voted_by = user_reference("+", "计票登记人", null=True, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    voided_by = user_reference("+", "作废人", null=True, blank=True)
    voided_reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "议题表决"
        constraints = [
            models.UniqueConstraint(fields=["meeting", "order"], name="party_motion_order_once"),
            models.CheckConstraint(
                condition=Q(ballot__in=Ballot.values), name="party_motion_ballot_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    votes_for=None,
                    votes_against=None,
                    abstentions=None,
                    is_passed=None,
                    voted_at=None,
                )
                | Q(
                    votes_for__isnull=False,
                    votes_against__isnull=False,
                    abstentions__isnull=False,
                    is_passed__isnull=False,
                    voted_at__isnull=False,
                ),
                name="party_motion_voted_whole",
            ),
            both_or_neither("voted_at", "voted_by", name="party_motion_voted_pair"),
            both_or_neither("voided_at", "voided_by", name="party_motion_voided_pair"),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_reason="")
                | (Q(voided_at__isnull=False) & ~Q(voided_reason="")),
                name="party_motion_voided_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the organisation."""
        return self.meeting.roles_of(user)


class MeetingPaperQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MeetingPaperQuerySet":
        """Papers of the meetings that the person may see."""
        return self.filter(meeting__organisation__in=organisations_kept_by(user))


class MeetingPaper(models.Model):
    """A signed sheet, a scan of the minutes, teaching material or a photo."""

    meeting = models.ForeignKey(
        Meeting, verbose_name="会议", on_delete=models.PROTECT, related_name="papers"
    )
    stored = models.OneToOneField(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="meeting_paper"
    )
    kind = models.CharField("种类", max_length=16, choices=MeetingPaperKind.choices)
    added_at = models.DateTimeField("上传时间")
    added_by = user_reference("+", "上传人")

    objects = MeetingPaperQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会议材料"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=MeetingPaperKind.values), name="party_meetingpaper_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the meeting."""
        return self.meeting.roles_of(user)
