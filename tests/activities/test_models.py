from datetime import date, time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from activities.models import Activity, CharityCredit, Duty, Obligation
from tests.factories.accounts import UserFactory, make_user
from tests.factories.activities import (
    ActivityFactory,
    ActivityPaperFactory,
    AttendanceFactory,
    CharityCreditFactory,
    DutyFactory,
    FulfilmentFactory,
    JointMarkFactory,
    ObligationFactory,
    PlanVersionFactory,
    SignUpFactory,
)
from tests.factories.members import owner_of
from tests.factories.party import PartyOrganisationFactory, secretary_of

pytestmark = pytest.mark.django_db


def refused(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_the_database_refuses_what_must_not_be():
    activity = ActivityFactory(bonus="bonus/B01")
    rows = Activity.objects.filter(pk=activity.pk)
    duty, obligation = DutyFactory(), ObligationFactory()
    fulfilment, attendance = FulfilmentFactory(), AttendanceFactory()
    credit = CharityCreditFactory()
    entry, mark, version = SignUpFactory(), JointMarkFactory(), PlanVersionFactory()
    now, person = timezone.now(), UserFactory()
    verified = {"state": "verified", "verified_at": now}

    cases = {
        "state known": lambda: rows.update(state="broken"),
        "bonus known": lambda: rows.update(bonus="bonus/B99"),
        "beneficiaries say how": lambda: rows.update(beneficiaries=3),
        "hours positive": lambda: rows.update(hours=0),
        "verified pair": lambda: rows.update(**verified),
        "verified means verifier": lambda: rows.update(state="verified"),
        "second person": lambda: rows.update(**verified, verified_by=activity.recorded_by),
        "discarded with reason": lambda: rows.update(state="discarded", discarded_at=now),
        "duty rhythm": lambda: Duty.objects.filter(pk=duty.pk).update(rhythm="never"),
        "duty programme": lambda: Duty.objects.filter(pk=duty.pk).update(programme="x"),
        "duty days": lambda: DutyFactory(ends_on=date(2020, 1, 1)),
        "duty code": lambda: DutyFactory(code=duty.code),
        "one open version": lambda: DutyFactory(code=duty.code, starts_on=date(2026, 7, 1)),
        "duty kind": lambda: DutyFactory(kind="x"),
        "duty shift": lambda: DutyFactory(shift="x"),
        "duty owed by": lambda: DutyFactory(owed_by="x"),
        "duty applies if": lambda: DutyFactory(applies_if="x"),
        "duty source status": lambda: DutyFactory(source_status="x"),
        "duty times": lambda: DutyFactory(times=0),
        "due before period": lambda: ObligationFactory(due_on=date(2026, 2, 1)),
        "counting days": lambda: ObligationFactory(counts_until=date(2026, 2, 1)),
        "obligation times": lambda: ObligationFactory(times=0),
        "explained in words": lambda: ObligationFactory(explained_at=now, explained_by=person),
        "explained by somebody": lambda: ObligationFactory(explanation="台风", explained_at=now),
        "once per period": lambda: ObligationFactory(duty=obligation.duty),
        "counts once": lambda: FulfilmentFactory(
            activity=fulfilment.activity,
            obligation=ObligationFactory(
                duty=fulfilment.obligation.duty,
                period_start=date(2026, 4, 1),
                period_end=date(2026, 4, 30),
                due_on=None,
            ),
        ),
        "attends once": lambda: AttendanceFactory(
            activity=attendance.activity, pharmacy=attendance.pharmacy
        ),
        "somebody came": lambda: AttendanceFactory(people=0),
        "paper kind": lambda: ActivityPaperFactory(kind="film"),
        "credited once a round": lambda: CharityCreditFactory(
            activity=credit.activity, pharmacy=credit.pharmacy
        ),
        "credit sign": lambda: CharityCreditFactory(quantity=Decimal(-1)),
        "credit code": lambda: CharityCreditFactory(code="bonus/B99"),
        "kind known": lambda: rows.update(kind="x"),
        "audience known": lambda: rows.update(audience="x"),
        "ends after start": lambda: rows.update(starts_at=time(9), ends_at=time(8)),
        "ends without start": lambda: rows.update(ends_at=time(8)),
        "never overbooked": lambda: rows.update(places=1, taken=2),
        "published pair": lambda: rows.update(published_at=now),
        "published by somebody": lambda: rows.update(state="published"),
        "recorded pair": lambda: rows.update(recorded_by=None),
        "held means recorded": lambda: rows.update(recorded_at=None, recorded_by=None),
        "cancelled pair": lambda: rows.update(cancelled_at=now),
        "cancelled with reason": lambda: rows.update(
            state="cancelled", cancelled_at=now, cancelled_by=person
        ),
        "checked in pair": lambda: AttendanceFactory(checked_in_at=now),
        "check-in way": lambda: AttendanceFactory(way="x"),
        "signed up once": lambda: SignUpFactory(activity=entry.activity, pharmacy=entry.pharmacy),
        "sign-up state": lambda: SignUpFactory(state="x"),
        "sign-up people": lambda: SignUpFactory(people=0),
        "offer has an end": lambda: SignUpFactory(state="offered"),
        "closed has a time": lambda: SignUpFactory(state="withdrawn"),
        "joint mark once": lambda: JointMarkFactory(activity=mark.activity, code=mark.code),
        "joint code": lambda: JointMarkFactory(code="L9"),
        "plan version": lambda: PlanVersionFactory(number=version.number),
    }

    assert [name for name, write in cases.items() if not refused(write)] == []
    assert not refused(lambda: rows.update(**verified, verified_by=UserFactory()))


def test_a_credit_is_never_changed_or_removed():
    credit = CharityCreditFactory()

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [credit.pk])

    assert refused(lambda: run("UPDATE activities_charitycredit SET quantity = 9 WHERE id = %s"))
    assert refused(lambda: run("DELETE FROM activities_charitycredit WHERE id = %s"))
    with pytest.raises(TypeError):
        CharityCredit.objects.update(quantity=9)


def test_a_shop_sees_what_is_open_to_it_and_what_it_took_part_in():
    attendance = AttendanceFactory()
    open_one = ActivityFactory(published=True)
    ActivityFactory()
    ActivityFactory(published=True, audience="office")
    ActivityFactory(planned=True, audience="members")
    owner = owner_of(attendance.pharmacy)

    assert set(Activity.objects.visible_to(owner)) == {attendance.activity, open_one}
    assert Activity.objects.visible_to(make_user(Role.SECRETARIAT)).count() == 5
    assert Activity.objects.visible_to(make_user(Role.REVIEWER)).count() == 0
    assert Obligation.objects.visible_to(owner).count() == 0


def test_what_a_party_organisation_holds_and_owes_is_seen_by_its_own_and_the_secretariat():
    branch = PartyOrganisationFactory()
    activity = ActivityFactory(organisation=branch)
    obligation = ObligationFactory(organisation=branch)
    own, other = secretary_of(branch), secretary_of(PartyOrganisationFactory())

    for user, sees in [
        (own, True),
        (other, False),
        (make_user(Role.SECRETARIAT), True),
        (make_user(Role.REGULATOR), False),
    ]:
        assert (activity in Activity.objects.visible_to(user)) is sees
        assert (obligation in Obligation.objects.visible_to(user)) is sees
    assert Role.PARTY_SECRETARY in activity.roles_of(own)
    assert Role.PARTY_SECRETARY not in activity.roles_of(other)


def test_overdue_and_unmet_are_reckoned():
    obligation = ObligationFactory()
    ActivityFactory(obligations=[obligation])

    assert list(Obligation.objects.overdue(on=date(2026, 3, 31))) == []
    assert list(Obligation.objects.overdue(on=date(2026, 4, 1))) == [obligation]
    ActivityFactory(verified=True, obligations=[obligation])
    assert list(Obligation.objects.overdue(on=date(2026, 4, 1))) == []
