import threading
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.roles import Role
from activities import actions
from activities.enums import Programme
from activities.models import Activity, CharityCredit
from association.models import AuditEvent
from association.workflow import ForbiddenMoveError
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    ActivityPaperFactory,
    AttendanceFactory,
    DutyFactory,
    ObligationFactory,
)
from tests.factories.association import StoredFileFactory
from tests.factories.members import PharmacyFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 20, 12, tzinfo=SHANGHAI)


def report(**more) -> actions.Report:
    return actions.Report(**{"title": "示例义诊", "held_on": date(2026, 3, 14)} | more)


def ready(**more) -> Activity:
    """A record with a paper and one shop, waiting to be verified."""
    activity = ActivityFactory(**more)
    ActivityPaperFactory(activity=activity)
    AttendanceFactory(activity=activity, people=2)
    return activity


def test_record_finds_the_period_by_the_day():
    obligation = ObligationFactory()
    clerk = make_user(Role.SECRETARIAT)

    activity = actions.record(report(duties=(obligation.duty.code,)), by=clerk, now=NOON)

    assert activity.state == "recorded"
    assert list(activity.obligations.all()) == [obligation]
    event = AuditEvent.objects.get()
    assert (event.act, event.actor_label) == ("activity.recorded", clerk.real_name)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"held_on": date(2026, 3, 21)}, actions.FutureActivityError),
        ({"duties": ("duty/none",)}, actions.PeriodMissingError),
        ({"bonus": "bonus/B02"}, actions.HoursMissingError),
    ],
    ids=["not yet held", "a duty that owes nothing then", "volunteers without hours"],
)
def test_record_refuses_and_writes_nothing(more, error):
    with pytest.raises(error):
        actions.record(report(**more), by=make_user(), now=NOON)

    assert not Activity.objects.exists()
    assert not AuditEvent.objects.exists()


def test_one_activity_counts_for_one_of_the_six_only():
    first, second = ObligationFactory.create_batch(2)
    clinic = ObligationFactory(duty=DutyFactory(programme=Programme.FURTHER))
    codes = [o.code for o in (first, second, clinic)]

    with pytest.raises(actions.DutyCountedTwiceError, match="只计一项"):
        actions.record(report(duties=tuple(codes)), by=make_user(), now=NOON)
    both = actions.record(report(duties=(codes[0], codes[2])), by=make_user(), now=NOON)

    assert both.obligations.count() == 2


def test_amend_moves_the_record_to_another_period():
    march = ObligationFactory()
    april = ObligationFactory(
        duty=march.duty,
        period_start=date(2026, 2, 1),
        period_end=date(2026, 2, 28),
        due_on=date(2026, 2, 28),
    )
    activity = ActivityFactory(obligations=[march])

    actions.amend(
        activity,
        report(held_on=date(2026, 2, 3), duties=(march.duty.code,)),
        by=make_user(),
        now=NOON,
    )

    assert list(activity.obligations.all()) == [april]
    assert AuditEvent.objects.get().detail["changed"] == ["title", "held_on"]


def test_attend_enters_and_corrects_numbers():
    activity, shop = ActivityFactory(), PharmacyFactory()
    clerk = make_user()

    actions.attend(activity, {shop.pk: 2}, by=clerk, now=NOON)
    actions.attend(activity, {shop.pk: 3}, by=clerk, now=NOON)

    assert [a.people for a in activity.attendances.all()] == [3]
    assert actions.attend(activity, {}, gone={shop.pk}, by=clerk, now=NOON) == 0


@pytest.mark.parametrize("people", [{}, {1: 0}, {99999: 1}], ids=["none", "nobody", "unknown"])
def test_attend_refuses_an_impossible_list(people):
    with pytest.raises(actions.AttendanceListError):
        actions.attend(ActivityFactory(), people, by=make_user(), now=NOON)


def test_attend_waits_for_the_day():
    activity = ActivityFactory(planned=True, held_on=date(2026, 3, 21))

    with pytest.raises(actions.AttendanceListError, match="还没到日子"):
        actions.attend(activity, {PharmacyFactory().pk: 1}, by=make_user(), now=NOON)


def test_strike_takes_a_shop_off():
    attendance = AttendanceFactory()

    actions.strike(attendance.activity, attendance.pharmacy, by=make_user(), now=NOON)

    assert not attendance.activity.attendances.exists()
    assert AuditEvent.objects.get().act == "activity.attendance_struck"


def test_attach_links_a_stored_file():
    activity = ActivityFactory()

    actions.attach(activity, StoredFileFactory(), kind="paper", by=make_user(), now=NOON)

    assert activity.papers.count() == 1
    assert AuditEvent.objects.get().act == "activity.paper_added"


def test_verify_credits_each_shop_on_the_list():
    activity = ready(bonus="bonus/B02", hours=Decimal("2.5"))
    verifier = make_user(Role.SECRETARIAT)

    verified = actions.verify(activity, by=verifier, now=NOON)

    credit = CharityCredit.objects.get()
    assert (verified.state, verified.verified_by) == ("verified", verifier)
    assert (credit.code, credit.quantity, credit.unit) == (
        "bonus/B02",
        Decimal("5.0"),  # 2 people x 2.5 hours
        "person_hours",
    )
    assert credit.earned_on == date(2026, 3, 14)
    assert AuditEvent.objects.get().detail == {"bonus": "bonus/B02", "credited_shops": 1}


def test_the_person_who_entered_it_does_not_verify_what_earns_points():
    activity = ready(bonus="bonus/B01")

    with pytest.raises(actions.SamePersonError, match="另一位同事"):
        actions.verify(activity, by=activity.recorded_by, now=NOON)

    assert Activity.objects.get().state == "recorded"
    assert not CharityCredit.objects.exists()
    assert not AuditEvent.objects.exists()


def test_without_points_one_person_may_do_both():
    activity = ready()

    assert actions.verify(activity, by=activity.recorded_by, now=NOON).state == "verified"
    assert not CharityCredit.objects.exists()


def test_verify_needs_a_paper_and_for_points_a_shop():
    bare = ActivityFactory()
    lonely = ActivityFactory(bonus="bonus/B01")
    ActivityPaperFactory(activity=lonely)

    with pytest.raises(actions.NoPaperError):
        actions.verify(bare, by=make_user(), now=NOON)
    with pytest.raises(actions.NobodyAttendedError):
        actions.verify(lonely, by=make_user(), now=NOON)


def test_revoke_writes_the_credits_off_and_the_second_verification_counts_once():
    activity = ready(bonus="bonus/B01")
    verifier = make_user()
    actions.verify(activity, by=verifier, now=NOON)

    revoked = actions.revoke(activity, reason="人数登记有误", by=verifier, now=NOON)
    actions.verify(activity, by=verifier, now=NOON)

    assert revoked.state == "recorded"
    rows = CharityCredit.objects.order_by("pk").values_list("quantity", "round", "reason")
    assert list(rows) == [
        (Decimal("1.0"), 1, ""),
        (Decimal("-1.0"), 1, "人数登记有误"),
        (Decimal("1.0"), 2, ""),
    ]


def test_counter_acts_say_why():
    activity = ready()
    actions.verify(activity, by=make_user(), now=NOON)

    with pytest.raises(actions.ReasonMissingError):
        actions.revoke(activity, reason="  ", by=make_user(), now=NOON)
    with pytest.raises(actions.ReasonMissingError):
        actions.discard(ActivityFactory(), reason="", by=make_user(), now=NOON)

    assert Activity.objects.get(pk=activity.pk).state == "verified"


def test_a_verified_record_is_closed_to_changes():
    activity = ready()
    actions.verify(activity, by=make_user(), now=NOON)
    clerk = make_user()

    for change in (
        lambda: actions.amend(activity, report(), by=clerk, now=NOON),
        lambda: actions.attend(activity, {PharmacyFactory().pk: 1}, by=clerk, now=NOON),
        lambda: actions.strike(activity, PharmacyFactory(), by=clerk, now=NOON),
        lambda: actions.discard(activity, reason="误录", by=clerk, now=NOON),
        lambda: actions.verify(activity, by=clerk, now=NOON),
    ):
        with pytest.raises(ForbiddenMoveError, match="已核实"):
            change()


def test_a_discarded_record_takes_no_papers():
    activity = ActivityFactory()
    actions.discard(activity, reason="重复登记", by=make_user(), now=NOON)

    with pytest.raises(ForbiddenMoveError, match="已作废"):
        actions.attach(activity, StoredFileFactory(), kind="paper", by=make_user(), now=NOON)

    assert AuditEvent.objects.get().detail == {"reason": "重复登记"}


@pytest.mark.django_db(transaction=True)
def test_two_verifiers_in_the_same_second_credit_once():
    activity = ready(bonus="bonus/B01")
    people = [make_user(), make_user()]
    gate, outcomes = threading.Barrier(2), []

    def try_it(person):
        try:
            gate.wait()
            actions.verify(activity, by=person, now=NOON)
            outcomes.append("verified")
        except ForbiddenMoveError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "verified"]
    assert CharityCredit.objects.count() == 1
