"""三会一课 from notice to filed minutes, the votes, and every way back."""

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from association.models import AuditEvent, Delivery
from association.workflow import ForbiddenMoveError
from party import queries
from party.actions import meetings as actions
from party.actions import organisations
from party.enums import (
    MeetingKind,
    MeetingState,
    OrganisationKind,
    PostRole,
    Presence,
    Relation,
    Rights,
    Standing,
)
from party.models import Meeting, Motion, PartyMember
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.party import (
    MeetingFactory,
    MotionFactory,
    PartyMemberFactory,
    PartyOrganisationFactory,
    PostFactory,
    branch_with,
    load_rules,
)

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 20, 12, tzinfo=SHANGHAI)
EVENING = datetime(2026, 3, 20, 18, tzinfo=SHANGHAI)


@pytest.fixture
def rules():
    load_rules()


def facts(**more) -> actions.MeetingFacts:
    base = {
        "kind": MeetingKind.GENERAL,
        "title": "示例党员大会",
        "starts_at": datetime(2026, 3, 20, 15, tzinfo=SHANGHAI),
        "chair": "示例某",
        "recorder": "示例某某",
    }
    return actions.MeetingFacts(**base | more)


def held(branch, **more) -> Meeting:
    by = UserFactory()
    meeting = actions.plan(branch, facts(**more), by=by, now=NOON)
    return actions.hold(meeting, by=by, now=EVENING)


def came(meeting: Meeting, present: int) -> None:
    """Take the roll: the first ``present`` of those due came, the rest asked for leave."""
    entries = list(meeting.roll.order_by("pk"))
    presence = {
        entry.pk: (Presence.PRESENT, "") if n < present else (Presence.EXCUSED, "出差")
        for n, entry in enumerate(entries)
    }
    actions.take_roll(meeting, presence, by=UserFactory(), now=EVENING)


def counted(meeting: Meeting, votes_for: int, against: int = 0, abstentions: int = 0, **more):
    motion = actions.propose(meeting, title="示例议题", by=UserFactory(), now=EVENING)
    return actions.count_votes(
        motion,
        votes_for=votes_for,
        against=against,
        abstentions=abstentions,
        by=UserFactory(),
        now=EVENING,
        **more,
    )


def test_the_whole_way_from_notice_to_filed_minutes(rules):
    branch = branch_with(5)
    by = UserFactory()
    with_login = PartyMember.objects.first()
    with_login.user = UserFactory()
    with_login.save()

    meeting = actions.plan(branch, facts(), by=by, now=NOON - timedelta(days=3))
    assert actions.announce(meeting, by=by, now=NOON - timedelta(days=3)) == 1
    actions.hold(meeting, by=by, now=EVENING)
    came(meeting, 4)
    motion = counted(meeting, 3)
    actions.write_minutes(meeting, "示例记录", by=by, now=EVENING)
    actions.attach(meeting, StoredFileFactory(), kind="roll", by=by, now=EVENING)
    actions.close(meeting, by=by, now=EVENING)

    meeting.refresh_from_db()
    assert (meeting.state, motion.is_passed) == (MeetingState.CLOSED, True)
    found = queries.meetings_held([branch], date(2026, 3, 1), date(2026, 3, 31))
    assert [(each.kind, each.held_on, each.is_filed) for each in found] == [
        ("general", date(2026, 3, 20), True)
    ]
    assert Delivery.objects.get().recipient == with_login.user
    assert [
        e.act for e in AuditEvent.objects.filter(target_model="party.Meeting").order_by("pk")
    ] == [
        "party.meeting_planned",
        "party.meeting_announced",
        "party.meeting_held",
        "party.roll_taken",
        "party.motion_proposed",
        "party.votes_counted",
        "party.minutes_written",
        "party.paper_added",
        "party.meeting_closed",
    ]


# members due, who came, votes for → passed, verdict, short: by hand from the rules that ship
@pytest.mark.parametrize(
    ("due", "present", "votes_for", "passed", "verdict", "short"),
    [
        (10, 5, 5, False, "failed", 1),
        (10, 6, 6, True, "passed", 0),
        (10, 4, 4, False, "no_quorum", 2),
        (7, 4, 4, True, "passed", 0),
        (7, 4, 3, False, "failed", 1),
        (7, 3, 3, False, "no_quorum", 1),
    ],
)
def test_the_rules_count_and_not_the_person(rules, due, present, votes_for, passed, verdict, short):
    meeting = held(branch_with(due))
    came(meeting, present)

    motion = counted(meeting, votes_for, decided=True)

    assert (motion.is_passed, motion.basis["verdict"], motion.basis["short"]) == (
        passed,
        verdict,
        short,
    )


def test_who_has_no_vote_is_due_and_does_not_count(rules):
    branch = branch_with(4, probationary=2)
    PartyMemberFactory(organisation=branch, rights=Rights.SUSPENDED)
    PartyMemberFactory(organisation=branch, rights=Rights.ON_WATCH)
    PartyMemberFactory(
        organisation=branch, relation=Relation.ELSEWHERE, home_organisation="示例支部"
    )
    PartyMemberFactory(organisation=branch, left_on=date(2026, 1, 1), left_reason="转出")

    meeting = held(branch)
    came(meeting, 9)
    motion = counted(meeting, 3, 1)

    assert motion.basis["due"] == 9
    assert motion.basis["voters_due"] == 4
    assert motion.basis["needed"] == 3
    assert motion.is_passed is True


def test_standing_is_that_of_the_day(rules):
    branch = branch_with(2, probationary=1)
    meeting = held(branch)
    PartyMember.objects.update(standing=Standing.FULL)
    came(meeting, 3)

    assert counted(meeting, 2).basis["voters_due"] == 2


def test_a_local_rule_counts_from_its_day_and_below_only(rules):
    committee = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    branch, other = branch_with(6, parent=committee), branch_with(6)
    stricter = {
        "quorum": {"base": "有表决权的党员", "op": ">=", "ratio": "1/2"},
        "pass": {"base": "应到会有表决权的党员", "op": ">=", "ratio": "2/3"},
    }
    organisations.set_local_rule(
        committee,
        "vote.ordinary",
        stricter | {"pass": {"base": "应到会有表决权的党员", "op": ">", "ratio": "2/3"}},
        starts_on=date(2026, 3, 20),
        source="示例文件",
        by=UserFactory(),
        now=NOON,
    )

    verdicts = []
    for place, day in ((branch, 20), (branch, 19), (other, 20)):
        meeting = held(place, starts_at=datetime(2026, 3, day, 15, tzinfo=SHANGHAI))
        came(meeting, 6)
        verdicts.append(counted(meeting, 4).is_passed)

    assert verdicts == [False, True, True]


def test_more_ballots_than_voters_are_refused_and_nothing_is_counted(rules):
    meeting = held(branch_with(5))
    came(meeting, 3)

    with pytest.raises(actions.VoteError, match="无效"):
        counted(meeting, 3, 1)

    assert Motion.objects.get().voted_at is None


def test_no_vote_before_the_roll_and_no_roll_after_the_vote(rules):
    meeting = held(branch_with(3))
    with pytest.raises(actions.VoteError, match="点完名"):
        counted(meeting, 2)
    came(meeting, 3)
    motion = counted(meeting, 2)

    with pytest.raises(actions.RollError, match="不能再改"):
        came(meeting, 2)
    actions.void_motion(motion, reason="点错名", by=UserFactory(), now=EVENING)
    came(meeting, 2)

    assert queries.roll_of(meeting).present == 2


def test_a_voided_count_stays_readable_and_the_matter_is_put_again(rules):
    meeting = held(branch_with(3))
    came(meeting, 3)
    first = counted(meeting, 1)

    actions.void_motion(first, reason="数错了", by=UserFactory(), now=EVENING)
    second = counted(meeting, 3)

    first.refresh_from_db()
    assert (first.votes_for, first.voided_reason) == (1, "数错了")
    assert (second.order, second.is_passed) == (2, True)
    with pytest.raises(actions.VoteError):
        actions.count_votes(
            first, votes_for=3, against=0, abstentions=0, by=UserFactory(), now=EVENING
        )


def test_no_table_holds_who_voted_how():
    fields = {
        field.name
        for model in Meeting._meta.apps.get_app_config("party").get_models()
        for field in model._meta.get_fields()
    }

    assert not {name for name in fields if name in {"vote", "choice", "voter", "ballot_of"}}
    assert {f.name for f in Motion._meta.get_fields() if f.is_relation} == {
        "meeting",
        "voted_by",
        "voided_by",
    }


# ------------------------------------------------------------------ the committee


def committee_of(branch, seats: int) -> None:
    roles = [
        PostRole.SECRETARY,
        PostRole.ORGANISATION,
        PostRole.PUBLICITY,
        PostRole.DISCIPLINE,
        PostRole.COMMITTEE_MEMBER,
    ]
    for role, member in zip(roles[:seats], branch.members.order_by("pk"), strict=False):
        PostFactory(organisation=branch, role=role, member=member)


def test_the_committee_alone_is_due_and_its_minutes_say_what_passed(rules):
    branch = branch_with(9, has_committee=True)
    committee_of(branch, 3)
    meeting = held(branch, kind=MeetingKind.COMMITTEE)
    came(meeting, 2)

    with pytest.raises(actions.VoteError, match="照会议记录选"):
        counted(meeting, 2)
    motion = actions.count_votes(
        meeting.motions.get(),
        votes_for=2,
        against=0,
        abstentions=0,
        decided=True,
        by=UserFactory(),
        now=EVENING,
    )

    assert (motion.is_passed, motion.basis["verdict"], motion.basis["due"]) == (
        True,
        "by_minutes",
        3,
    )


def test_a_committee_below_its_quorum_decides_nothing(rules):
    branch = branch_with(9, has_committee=True)
    committee_of(branch, 5)
    meeting = held(branch, kind=MeetingKind.COMMITTEE)
    came(meeting, 2)

    motion = counted(meeting, 2, decided=True)

    assert (motion.is_passed, motion.basis["verdict"]) == (False, "no_quorum")


@pytest.mark.parametrize(
    ("branch", "more", "told"),
    [
        ({}, {"kind": MeetingKind.COMMITTEE}, "不设支部委员会"),
        ({}, {"kind": MeetingKind.GROUP}, "党小组名下"),
        ({}, {"also": (MeetingKind.GENERAL,)}, "不能同时计作"),
        ({"dissolved_on": date(2026, 1, 1), "dissolved_document": "示例"}, {}, "已经撤销"),
    ],
    ids=["no committee", "a group's meeting", "counted for what it is not", "dissolved"],
)
def test_a_meeting_that_does_not_fit_is_refused(branch, more, told):
    with pytest.raises(actions.MeetingFactsError, match=told):
        actions.plan(PartyOrganisationFactory(**branch), facts(**more), by=UserFactory(), now=NOON)

    assert not Meeting.objects.exists()


def test_a_lecture_on_the_theme_day_counts_for_both_and_once_each(rules):
    branch = branch_with(3)
    held(branch, kind=MeetingKind.THEME_DAY, also=(MeetingKind.LECTURE,))

    found = queries.meetings_held([branch.pk], date(2026, 3, 20), date(2026, 3, 20))

    assert [each.kind for each in found] == ["theme_day", "lecture"]
    assert len({each.meeting for each in found}) == 1


def test_a_groups_meeting_asks_its_own_people():
    branch = branch_with(3)
    group = PartyOrganisationFactory(kind=OrganisationKind.GROUP, parent=branch)
    inside = PartyMemberFactory(organisation=branch, group=group)

    meeting = held(group, kind=MeetingKind.GROUP)

    assert [entry.member for entry in meeting.roll.all()] == [inside]


# ------------------------------------------------------------------ joint meetings


@pytest.mark.parametrize(
    "kind", [MeetingKind.JOINT, MeetingKind.LECTURE, MeetingKind.THEME_DAY, MeetingKind.LIFE]
)
def test_only_general_meeting_and_committee_decide(kind):
    meeting = MeetingFactory(kind=kind)

    with pytest.raises(actions.JointDecisionError):
        actions.propose(meeting, title="示例决议", by=UserFactory(), now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        MotionFactory(meeting=meeting)

    assert not Motion.objects.exists()


def test_a_meeting_with_motions_does_not_turn_into_a_joint_one():
    meeting = MotionFactory().meeting

    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(kind=MeetingKind.JOINT)


def test_a_joint_meeting_counts_for_no_duty(rules):
    branch = branch_with(9, has_committee=True)
    committee_of(branch, 3)
    held(branch, kind=MeetingKind.JOINT)

    assert queries.meetings_held([branch], date(2026, 1, 1), date(2026, 12, 31)) == []


# ------------------------------------------------------------------ filing and the ways back


def test_filing_names_what_is_missing(rules):
    branch = branch_with(3)
    meeting = held(branch, chair="", recorder="")
    actions.propose(meeting, title="示例议题", by=UserFactory(), now=EVENING)

    with pytest.raises(actions.NotReadyError) as refusal:
        actions.close(meeting, by=UserFactory(), now=EVENING)

    for words in ("签到", "议题计票", "主持人和记录人", "会议记录"):
        assert words in str(refusal.value)
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.HELD


def filed(branch) -> Meeting:
    meeting = held(branch)
    came(meeting, 3)
    counted(meeting, 3)
    actions.write_minutes(meeting, "示例记录", by=UserFactory(), now=EVENING)
    return actions.close(meeting, by=UserFactory(), now=EVENING)


def test_what_is_filed_is_changed_only_after_it_was_reopened_with_a_reason(rules):
    meeting = filed(branch_with(3))
    by = UserFactory()

    with pytest.raises(actions.NotReadyError, match="重新打开"):
        actions.write_minutes(meeting, "改写", by=by, now=EVENING)
    with pytest.raises(IntegrityError), transaction.atomic():
        meeting.roll.update(presence=Presence.ABSENT)
    with pytest.raises(IntegrityError), transaction.atomic():
        meeting.motions.update(votes_for=1)
    with pytest.raises(actions.ReasonMissingError):
        actions.reopen(meeting, reason=" ", by=by, now=EVENING)

    actions.reopen(meeting, reason="记录有误", by=by, now=EVENING)
    actions.write_minutes(meeting, "更正后的记录", by=by, now=EVENING)
    actions.close(meeting, by=by, now=EVENING)

    meeting.refresh_from_db()
    assert (meeting.state, meeting.minutes) == (MeetingState.CLOSED, "更正后的记录")


def test_a_discarded_record_counts_no_more_and_stays_readable(rules):
    branch = branch_with(3)
    meeting = filed(branch)

    actions.discard(meeting, reason="登记重复", by=UserFactory(), now=EVENING)

    assert queries.meetings_held([branch], date(2026, 1, 1), date(2026, 12, 31)) == []
    meeting.refresh_from_db()
    assert (meeting.minutes, meeting.set_aside_reason) == ("示例记录", "登记重复")
    with pytest.raises(ForbiddenMoveError):
        actions.reopen(meeting, reason="误作废", by=UserFactory(), now=EVENING)


def test_a_cancelled_meeting_tells_those_who_were_told(rules):
    branch = branch_with(2)
    PartyMember.objects.update(user=None)
    member = branch.members.first()
    member.user = UserFactory()
    member.save()
    later = datetime(2026, 4, 1, 15, tzinfo=SHANGHAI)
    meeting = actions.plan(branch, facts(starts_at=later), by=UserFactory(), now=NOON)
    actions.announce(meeting, by=UserFactory(), now=NOON)

    actions.cancel(meeting, reason="改期", by=UserFactory(), now=NOON)

    assert [d.message.subject for d in Delivery.objects.order_by("pk")] == [
        "4月1日的会议请准时参加",
        "4月1日的会议已取消",
    ]


def test_a_meeting_to_come_is_not_held_and_a_past_one_not_announced():
    branch = branch_with(2)
    later = actions.plan(
        branch, facts(starts_at=NOON + timedelta(days=3)), by=UserFactory(), now=NOON
    )
    past = actions.plan(branch, facts(), by=UserFactory(), now=EVENING)

    with pytest.raises(actions.MeetingFactsError, match="还没到"):
        actions.hold(later, by=UserFactory(), now=NOON)
    with pytest.raises(actions.MeetingFactsError, match="已经过了"):
        actions.announce(past, by=UserFactory(), now=EVENING)


def test_an_empty_register_holds_no_meeting():
    meeting = actions.plan(PartyOrganisationFactory(), facts(), by=UserFactory(), now=NOON)

    with pytest.raises(actions.MeetingFactsError, match="没有应到的党员"):
        actions.hold(meeting, by=UserFactory(), now=EVENING)

    meeting.refresh_from_db()
    assert meeting.state == MeetingState.PLANNED


@pytest.mark.parametrize(
    ("presence", "told"),
    [(("excused", ""), "写明原因"), (("", ""), "请给"), (("late", ""), "请给")],
)
def test_a_roll_that_cannot_be_is_refused(presence, told):
    meeting = held(branch_with(1))

    with pytest.raises(actions.RollError, match=told):
        actions.take_roll(meeting, {meeting.roll.get().pk: presence}, by=UserFactory(), now=EVENING)

    assert meeting.roll.get().presence == ""


@pytest.mark.django_db(transaction=True)
def test_two_people_who_count_in_the_same_second_count_once():
    load_rules()
    meeting = held(branch_with(3))
    came(meeting, 3)
    motion = actions.propose(meeting, title="示例议题", by=UserFactory(), now=EVENING)
    people, outcomes = [UserFactory(), UserFactory()], []
    start = threading.Barrier(2)

    def count(by, votes_for):
        start.wait()
        try:
            actions.count_votes(
                motion, votes_for=votes_for, against=0, abstentions=0, by=by, now=EVENING
            )
            outcomes.append("counted")
        except actions.VoteError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=count, args=pair) for pair in zip(people, (3, 1), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["counted", "refused"]
