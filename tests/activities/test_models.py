from datetime import date
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
    ObligationFactory,
)
from tests.factories.members import owner_of

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
    now = timezone.now()
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
        "duty rhythm": lambda: Duty.objects.filter(pk=duty.pk).update(rhythm="week"),
        "duty programme": lambda: Duty.objects.filter(pk=duty.pk).update(programme="x"),
        "duty days": lambda: DutyFactory(ends_on=date(2020, 1, 1)),
        "duty code": lambda: DutyFactory(code=duty.code),
        "due within period": lambda: ObligationFactory(due_on=date(2026, 4, 1)),
        "once per period": lambda: ObligationFactory(duty=obligation.duty),
        "counts once": lambda: FulfilmentFactory(
            activity=fulfilment.activity, obligation=fulfilment.obligation
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


def test_a_shop_sees_what_it_took_part_in():
    attendance = AttendanceFactory()
    ActivityFactory()
    owner = owner_of(attendance.pharmacy)

    assert list(Activity.objects.visible_to(owner)) == [attendance.activity]
    assert Activity.objects.visible_to(make_user(Role.SECRETARIAT)).count() == 2
    assert Activity.objects.visible_to(make_user(Role.REVIEWER)).count() == 0
    assert Obligation.objects.visible_to(owner).count() == 0


def test_overdue_and_unmet_are_reckoned():
    obligation = ObligationFactory()
    ActivityFactory(obligations=[obligation])

    assert list(Obligation.objects.overdue(on=date(2026, 3, 31))) == []
    assert list(Obligation.objects.overdue(on=date(2026, 4, 1))) == [obligation]
    ActivityFactory(verified=True, obligations=[obligation])
    assert list(Obligation.objects.overdue(on=date(2026, 4, 1))) == []
