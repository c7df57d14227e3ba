from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.roles import Role
from inspections.models import Violation
from tests.factories.accounts import AreaFactory, UserFactory, make_user
from tests.factories.association import StoredFileFactory
from tests.factories.inspections import ViolationFactory
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db


def refused(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_the_database_refuses_what_must_not_be():
    lead, ready = ViolationFactory(), ViolationFactory(in_review=True)
    leads = Violation.objects.filter(pk=lead.pk)
    reviews = Violation.objects.filter(pk=ready.pk)
    now, judge = timezone.now(), UserFactory()
    established = {"state": "established", "established_at": now, "established_reason": "属实"}

    cases = {
        "state known": lambda: leads.update(state="guilty"),
        "days in order": lambda: leads.update(ends_on=date(2020, 1, 1)),
        "no review without a paper": lambda: leads.update(state="in_review"),
        "second person": lambda: reviews.update(**established, established_by=ready.prepared_by),
        "established by somebody": lambda: reviews.update(**established),
        "established with reason": lambda: reviews.update(
            state="established", established_at=now, established_by=judge
        ),
        "closed with reason": lambda: leads.update(
            state="dismissed", closed_at=now, closed_by=judge
        ),
        "closed by somebody": lambda: leads.update(
            state="dismissed", closed_at=now, closed_reason="查无此事"
        ),
        "reviewed by somebody": lambda: leads.update(reviewed_at=now),
    }

    assert [name for name, write in cases.items() if not refused(write)] == []
    assert not refused(lambda: reviews.update(**established, established_by=judge))


def test_one_paper_belongs_to_one_violation():
    paper = StoredFileFactory()
    ViolationFactory(paper=paper)

    assert refused(lambda: ViolationFactory(paper=paper))


def test_sight_keeps_to_the_area_and_away_from_the_shop():
    east, west = AreaFactory.create_batch(2)
    here = ViolationFactory(pharmacy=PharmacyFactory(area=east))
    there = ViolationFactory(pharmacy=PharmacyFactory(area=west))

    def seen(user) -> set[int]:
        return set(Violation.objects.visible_to(user).values_list("pk", flat=True))

    assert seen(make_user(Role.SECRETARIAT)) == {here.pk, there.pk}
    assert seen(make_user(Role.ADJUDICATOR)) == {here.pk, there.pk}
    assert seen(make_user(Role.INSPECTOR, area=east)) == {here.pk}
    assert seen(make_user(Role.REVIEWER)) == set()
    assert seen(owner_of(here.pharmacy)) == set()
