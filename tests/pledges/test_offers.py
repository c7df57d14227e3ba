from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from accounts.roles import Role
from association.models import Delivery
from association.workflow import ForbiddenMoveError
from pledges.actions import offers, signing
from pledges.confirmation import PasswordAgain
from pledges.models import Offer, Pledge
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.association import StoredFileFactory
from tests.factories.members import PositionFactory, head_office_of, owner_of
from tests.factories.pledges import CampaignFactory, MandateFactory, OfferFactory, PledgeFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 12, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
AGAIN = PasswordAgain(PASSWORD)
BOTH = {"law", "service"}


def handed_in(by=None) -> tuple[Offer, object]:
    by = by or make_user(Role.SECRETARIAT)
    pledge = PledgeFactory()
    scan = StoredFileFactory()
    return offers.hand_in(pledge, scan=scan, name="示例负责人", by=by, now=NOON), by


def signed_for() -> tuple[Offer, object]:
    pledge = PledgeFactory()
    office = head_office_of(pledge.pharmacy.unit)
    MandateFactory(unit=pledge.pharmacy.unit)
    offer = offers.sign_for(
        pledge, ticked=BOTH, confirmation=AGAIN, name=office.real_name, by=office, now=NOON
    )
    return offer, office


def test_a_stamped_paper_holds_once_a_second_person_accepts_it():
    offer, _ = handed_in()
    assert offer.pledge.state == "awaiting"
    second = make_user(Role.SECRETARIAT)

    pledge = offers.accept(offer, by=second, now=NOON)

    assert (pledge.state, pledge.way, pledge.signed_name) == ("signed", "paper", "示例负责人")
    assert (pledge.signed_by, pledge.confirmed_by) == (None, second)
    assert pledge.receipt_token


def test_who_handed_in_neither_accepts_nor_refuses():
    offer, clerk = handed_in()

    for act, given in ((offers.accept, {}), (offers.refuse, {"reason": "看不清"})):
        with pytest.raises(offers.SamePersonError, match="另一位同事"):
            act(offer, **given, by=clerk, now=NOON)

    assert Pledge.objects.get().state == "awaiting"


def test_a_refused_paper_says_why_and_may_be_handed_in_again():
    offer, clerk = handed_in()
    second = make_user(Role.SECRETARIAT)

    with pytest.raises(offers.ReasonMissingError):
        offers.refuse(offer, reason=" ", by=second, now=NOON)
    pledge = offers.refuse(offer, reason="公章看不清", by=second, now=NOON)

    assert pledge.state == "invited"
    assert Delivery.objects.get().recipient == clerk
    assert "公章看不清" in Delivery.objects.get().message.body
    again = offers.hand_in(pledge, scan=StoredFileFactory(), name="甲", by=clerk, now=NOON)
    assert offers.accept(again, by=second, now=NOON).state == "signed"


def test_an_offer_is_decided_once():
    offer, _ = handed_in()
    offers.accept(offer, by=make_user(Role.SECRETARIAT), now=NOON)

    with pytest.raises(offers.OfferClosedError, match="已确认"):
        offers.accept(offer, by=make_user(Role.SECRETARIAT), now=NOON)


def test_the_owner_may_sign_after_all_and_the_paper_is_overtaken():
    offer, _ = handed_in()
    owner = owner_of(offer.pledge.pharmacy)

    pledge = signing.sign(
        offer.pledge, ticked=BOTH, confirmation=AGAIN, name=owner.real_name, by=owner, now=NOON
    )

    assert (pledge.state, pledge.way) == ("signed", "online")
    assert Offer.objects.get().state == "overtaken"


def test_a_second_paper_is_refused_while_one_waits():
    offer, clerk = handed_in()

    with pytest.raises(ForbiddenMoveError):
        offers.hand_in(offer.pledge, scan=StoredFileFactory(), name="甲", by=clerk, now=NOON)


def test_a_head_office_signs_under_its_mandate_and_the_shop_confirms():
    offer, office = signed_for()
    assert offer.pledge.state == "awaiting"
    owner = owner_of(offer.pledge.pharmacy)

    pledge = offers.confirm(offer, by=owner, now=NOON)

    assert (pledge.state, pledge.way) == ("signed", "head_office")
    assert (pledge.signed_by, pledge.confirmed_by) == (office, owner)


@pytest.mark.parametrize(
    "days",
    [None, (date(2025, 1, 1), date(2025, 12, 31)), (date(2026, 4, 1), date(2026, 12, 31)), "ended"],
    ids=["none", "over", "not yet", "ended"],
)
def test_without_a_mandate_of_today_no_head_office_signs(days):
    pledge = PledgeFactory()
    office = head_office_of(pledge.pharmacy.unit)
    if days == "ended":
        offers.end_mandate(MandateFactory(unit=pledge.pharmacy.unit), by=make_user(), now=NOON)
    elif days:
        MandateFactory(unit=pledge.pharmacy.unit, starts_on=days[0], ends_on=days[1])

    with pytest.raises(offers.NoMandateError, match="没有登记"):
        offers.sign_for(
            pledge, ticked=BOTH, confirmation=AGAIN, name=office.real_name, by=office, now=NOON
        )

    assert Pledge.objects.get().state == "invited"


def test_a_mandate_of_another_company_opens_nothing():
    pledge, other = PledgeFactory(), PledgeFactory()
    office = head_office_of(other.pharmacy.unit)
    MandateFactory(unit=other.pharmacy.unit)

    with pytest.raises(signing.NotYoursToSignError):
        offers.sign_for(
            pledge, ticked=BOTH, confirmation=AGAIN, name=office.real_name, by=office, now=NOON
        )


def test_who_signed_for_the_shop_does_not_confirm_for_it():
    offer, office = signed_for()
    PositionFactory(user=office, role=Role.OWNER, pharmacy=offer.pledge.pharmacy)

    with pytest.raises(offers.SamePersonError, match="两个人"):
        offers.confirm(offer, by=office, now=NOON)


def test_the_shop_may_decline_and_sign_itself():
    offer, _ = signed_for()
    owner = owner_of(offer.pledge.pharmacy)

    pledge = offers.decline(offer, reason="没有商量过", by=owner, now=NOON)
    assert pledge.state == "invited"

    signed = signing.sign(
        pledge, ticked=BOTH, confirmation=AGAIN, name=owner.real_name, by=owner, now=NOON
    )
    assert signed.way == "online"


def test_the_database_keeps_giver_and_decider_apart_and_one_offer_open():
    offer = OfferFactory()

    with pytest.raises(IntegrityError, match="one_pending"):
        OfferFactory(pledge=offer.pledge)


def test_days_of_a_mandate_stand_in_order():
    unit = PledgeFactory().pharmacy.unit

    with pytest.raises(offers.MandateRefusedError):
        offers.record_mandate(
            unit,
            paper=StoredFileFactory(),
            starts_on=date(2026, 5, 1),
            ends_on=date(2026, 4, 1),
            by=make_user(),
            now=NOON,
        )


def test_the_owner_prints_and_uploads_and_the_office_accepts_by_the_doors(client):
    pledge = PledgeFactory(campaign=CampaignFactory(ends_on=date(2100, 1, 1)))
    client.force_login(owner_of(pledge.pharmacy))
    paper = client.get(reverse("pledges:paper", args=[pledge.pk]))
    assert paper.content.startswith(b"%PDF")
    scan = SimpleUploadedFile("盖章.pdf", paper.content, content_type="application/pdf")

    client.post(reverse("pledges:hand_in", args=[pledge.pk]), {"name": "示例负责人", "scan": scan})

    offer = Offer.objects.get()
    client.force_login(make_user(Role.SECRETARIAT))
    assert pledge.pharmacy.name in client.get(reverse("pledges:index")).content.decode()
    page = client.get(reverse("pledges:detail", args=[pledge.pk])).content.decode()
    assert reverse("pledges:accept", args=[offer.pk]) in page
    assert client.get(reverse("pledges:scan", args=[offer.pk])).status_code == 200
    client.post(reverse("pledges:accept", args=[offer.pk]))
    assert Pledge.objects.get().state == "signed"


def test_a_head_office_finds_its_shops_and_the_shop_its_two_answers(client):
    pledge = PledgeFactory(campaign=CampaignFactory(ends_on=date(2100, 1, 1)))
    office, owner = head_office_of(pledge.pharmacy.unit), owner_of(pledge.pharmacy)
    client.force_login(make_user(Role.SECRETARIAT))
    paper = SimpleUploadedFile(
        "授权.pdf", client.get(reverse("pledges:paper", args=[pledge.pk])).content
    )
    days = {"starts_on": "2026-01-01", "ends_on": "2100-01-01"}
    client.post(
        reverse("pledges:mandates"), days | {"unit": pledge.pharmacy.unit_id, "paper": paper}
    )
    client.force_login(office)
    door = reverse("pledges:sign_for", args=[pledge.pk])
    assert door in client.get(reverse("pledges:index")).content.decode()
    ticks = {"clause_law": "on", "clause_service": "on"}

    client.post(door, ticks | {"name": office.real_name, "password": PASSWORD})

    offer = Offer.objects.get()
    client.force_login(owner)
    page = client.get(reverse("pledges:detail", args=[pledge.pk])).content.decode()
    assert reverse("pledges:confirm", args=[offer.pk]) in page
    assert reverse("pledges:accept", args=[offer.pk]) not in page
    client.post(reverse("pledges:confirm", args=[offer.pk]))
    assert Pledge.objects.get().way == "head_office"
