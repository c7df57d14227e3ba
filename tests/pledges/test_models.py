from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from pledges.models import Campaign, Clause, Pledge, PledgeText
from tests.factories.accounts import AreaFactory, UserFactory, make_user
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.pledges import (
    CampaignFactory,
    ClauseFactory,
    PledgeFactory,
    PledgeTextFactory,
)

pytestmark = pytest.mark.django_db


def refused(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_the_database_refuses_what_must_not_be():
    signed = PledgeFactory(signed=True)
    waiting = PledgeFactory(campaign=signed.campaign)
    pledges = Pledge.objects.filter(pk=waiting.pk)
    text = signed.campaign.text
    now = timezone.now()

    cases = {
        "state known": lambda: pledges.update(state="broken"),
        "once per campaign": lambda: PledgeFactory(
            campaign=signed.campaign, pharmacy=signed.pharmacy
        ),
        "signed pair": lambda: pledges.update(signed_at=now, signed_name="x", text_sha256="0"),
        "signature whole": lambda: pledges.update(signed_at=now, signed_by=UserFactory().pk),
        "signed means signature": lambda: pledges.update(state="signed"),
        "invited means no signature": lambda: pledges.update(
            signed_at=now, signed_by=UserFactory().pk, signed_name="x", text_sha256="0"
        ),
        "campaign days": lambda: CampaignFactory(sign_by=date(2025, 1, 1)),
        "version unique": lambda: PledgeTextFactory(title=text.title, version=text.version),
        "term positive": lambda: PledgeTextFactory(term_months=0),
        "clause order": lambda: ClauseFactory(text_version=text, seq=1),
        "clause key": lambda: ClauseFactory(text_version=text, key="law", seq=9),
    }

    assert [name for name, write in cases.items() if not refused(write)] == []


def test_a_frozen_text_and_its_clauses_are_never_changed():
    text = PledgeTextFactory()
    PledgeText.objects.filter(pk=text.pk).update(frozen_at=timezone.now())
    texts = PledgeText.objects.filter(pk=text.pk)
    clauses = Clause.objects.filter(text_version=text)

    for write in (
        lambda: texts.update(preamble="别的"),
        lambda: clauses.update(text="别的"),
        lambda: clauses.delete(),
        lambda: ClauseFactory(text_version=text, seq=9, key="new"),
    ):
        assert refused(write)

    assert clauses.count() == 2


def test_a_signature_is_never_changed():
    pledge = PledgeFactory(signed=True)
    row = Pledge.objects.filter(pk=pledge.pk)

    for change in ({"signed_name": "别人"}, {"text_sha256": "1" * 64}):
        assert refused(lambda change=change: row.update(**change))
    with connection.cursor() as cursor:
        cursor.execute("SELECT signed_name FROM pledges_pledge WHERE id = %s", [pledge.pk])
        assert cursor.fetchone() == ("示例负责人",)


def test_sight_follows_the_shop_and_the_area():
    east, west = AreaFactory.create_batch(2)
    here = PledgeFactory(pharmacy=PharmacyFactory(area=east))
    there = PledgeFactory(pharmacy=PharmacyFactory(area=west), campaign=here.campaign)

    def seen(user) -> set[int]:
        return set(Pledge.objects.visible_to(user).values_list("pk", flat=True))

    assert seen(make_user(Role.SECRETARIAT)) == {here.pk, there.pk}
    assert seen(make_user(Role.REGULATOR, area=east)) == {here.pk}
    assert seen(owner_of(there.pharmacy)) == {there.pk}
    assert seen(make_user(Role.REVIEWER)) == set()
    assert list(Campaign.objects.visible_to(owner_of(here.pharmacy))) == []


def test_digest_depends_on_every_word():
    first, same, other = (PledgeTextFactory(title=f"{n}", version="1") for n in "aab"[:1] + "bc")

    assert len({first.digest(), same.digest(), other.digest()}) == 3
    assert first.digest() == PledgeText.objects.get(pk=first.pk).digest()
