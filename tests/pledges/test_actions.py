import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection

from accounts.roles import Role
from association.models import AuditEvent, Delivery
from association.workflow import ForbiddenMoveError
from members.enums import PharmacyStatus
from pledges.actions import campaigns, signing, texts
from pledges.confirmation import PasswordAgain
from pledges.models import Campaign, Pledge, PledgeText
from pledges.workflow import PLEDGE
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.members import PharmacyFactory, PositionFactory, owner_of, staff_of
from tests.factories.pledges import CampaignFactory, PledgeFactory, PledgeTextFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 12, 12, tzinfo=SHANGHAI)
NEXT_YEAR = datetime(2027, 1, 2, 12, tzinfo=SHANGHAI)
BOTH = {"law", "service"}


def sign_it(pledge, *, by, password=PASSWORD, **given) -> Pledge:
    """Sign as the phone does, with the password typed once more."""
    return signing.sign(pledge, confirmation=PasswordAgain(password), by=by, **given)


def invited() -> tuple[Pledge, object]:
    pledge = PledgeFactory()
    return pledge, owner_of(pledge.pharmacy)


def test_sign_freezes_the_wording_and_leaves_a_line_in_the_trail():
    pledge, owner = invited()

    signed = sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NOON)

    text = PledgeText.objects.get(pk=pledge.campaign.text_id)
    assert (signed.state, signed.signed_by, signed.signed_name) == (
        "signed",
        owner,
        owner.real_name,
    )
    assert signed.ticked == ["law", "service"]
    assert signed.text_sha256 == text.digest()
    assert text.frozen_at == NOON
    event = AuditEvent.objects.get()
    assert (event.act, event.actor_role, event.detail["sha256"]) == (
        "pledge.signed",
        "owner",
        signed.text_sha256,
    )


def test_the_second_shop_signs_under_the_same_frozen_text():
    pledge, owner = invited()
    other = PledgeFactory(campaign=pledge.campaign)
    other_owner = owner_of(other.pharmacy)
    sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NOON)

    second = sign_it(other, ticked=BOTH, name=other_owner.real_name, by=other_owner, now=NOON)

    assert second.state == "signed"


@pytest.mark.parametrize(
    ("ticked", "name", "error"),
    [
        ({"law"}, "示例负责人", signing.ClausesNotTickedError),
        (BOTH, "示例旁人", signing.SignatureNameError),
    ],
    ids=["a clause left out", "somebody else's name"],
)
def test_sign_refuses_and_changes_nothing(ticked, name, error):
    pledge, owner = invited()
    owner.real_name = "示例负责人"
    owner.save(update_fields=["real_name"])

    with pytest.raises(error):
        sign_it(pledge, ticked=ticked, name=name, by=owner, now=NOON)

    assert Pledge.objects.get().state == "invited"
    assert not AuditEvent.objects.exists()
    assert PledgeText.objects.get().frozen_at is None


def test_nobody_signs_for_another_shop():
    pledge, _ = invited()
    stranger = owner_of(PharmacyFactory())
    clerk = make_user(Role.SECRETARIAT)
    employee = staff_of(pledge.pharmacy)

    for person in (stranger, clerk, employee):
        with pytest.raises(signing.NotYoursToSignError):
            sign_it(pledge, ticked=BOTH, name=person.real_name, by=person, now=NOON)

    assert Pledge.objects.get().state == "invited"


def test_signing_twice_is_refused_with_who_and_when():
    pledge, owner = invited()
    sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NOON)

    with pytest.raises(signing.AlreadySignedError, match="2026年1月12日 12:00 签署，不用再签"):
        sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NOON)


def test_sign_after_the_period_is_refused():
    pledge, owner = invited()

    with pytest.raises(campaigns.CampaignOverError, match="已经结束"):
        sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NEXT_YEAR)


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_in_the_same_second_exactly_one_signs():
    pledge = PledgeFactory()
    owners = [PositionFactory(pharmacy=pledge.pharmacy).user for _ in range(2)]
    gate, outcomes = threading.Barrier(2), []

    def try_it(owner):
        try:
            gate.wait()
            sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NOON)
            outcomes.append("signed")
        except signing.AlreadySignedError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "signed"]
    assert AuditEvent.objects.filter(act="pledge.signed").count() == 1


def call(text=None, **given) -> campaigns.Call:
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    days["sign_by"] = date(2026, 1, 31)
    return campaigns.Call(text or PledgeTextFactory(), **({"year": 2026} | days | given))


def test_open_campaign_invites_every_open_shop_and_tells_the_owners():
    shop = PharmacyFactory()
    PharmacyFactory(status=PharmacyStatus.CLOSED)
    owner = owner_of(shop)

    campaign = campaigns.open_campaign(call(), by=make_user(Role.SECRETARIAT), now=NOON)

    assert [pledge.pharmacy for pledge in campaign.pledges.all()] == [shop]
    assert [delivery.recipient for delivery in Delivery.objects.all()] == [owner]
    assert set(AuditEvent.objects.values_list("act", flat=True)) == {
        "pledge.campaign_opened",
        "pledge.invited",
    }


@pytest.mark.parametrize("by", ["area", "kind", "unit", "q"])
def test_a_campaign_asks_its_audience_alone(by):
    wanted = PharmacyFactory(unit__kind="chain", name="示例城东店", unit__name="示例甲公司")
    PharmacyFactory(unit__kind="single", name="示例河西店", unit__name="示例乙公司")
    words = {"area": wanted.area_id, "kind": "chain", "unit": "示例甲", "q": "城东"}

    campaign = campaigns.open_campaign(
        call(audience={by: words[by]}), by=make_user(Role.SECRETARIAT), now=NOON
    )

    assert [pledge.pharmacy for pledge in campaign.pledges.all()] == [wanted]


def test_a_second_campaign_of_the_year_asks_who_was_not_asked():
    text = PledgeTextFactory()
    east, west = PharmacyFactory.create_batch(2)
    clerk = make_user(Role.SECRETARIAT)
    campaigns.open_campaign(call(text, audience={"area": east.area_id}), by=clerk, now=NOON)

    second = campaigns.open_campaign(call(text, name="补签"), by=clerk, now=NOON)

    assert [pledge.pharmacy for pledge in second.pledges.all()] == [west]
    with pytest.raises(campaigns.NobodyInvitedError, match="已经邀请过"):
        campaigns.open_campaign(call(text), by=clerk, now=NOON)
    assert Campaign.objects.count() == 2


def test_another_version_of_the_same_title_is_not_asked_twice_but_another_title_is():
    text = PledgeTextFactory()
    PharmacyFactory()
    clerk = make_user(Role.SECRETARIAT)
    campaigns.open_campaign(call(text), by=clerk, now=NOON)

    with pytest.raises(campaigns.NobodyInvitedError):
        campaigns.open_campaign(call(PledgeTextFactory(title=text.title)), by=clerk, now=NOON)
    campaigns.open_campaign(call(PledgeTextFactory(title="处方药承诺")), by=clerk, now=NOON)

    assert Pledge.objects.count() == 2


def test_the_database_itself_refuses_a_second_pledge_of_the_year():
    pledge = PledgeFactory()
    again = CampaignFactory(text=pledge.campaign.text, year=pledge.campaign.year)

    with pytest.raises(IntegrityError, match="once_a_year"):
        PledgeFactory(campaign=again, pharmacy=pledge.pharmacy)


def test_a_register_that_moved_since_the_preview_sends_nothing():
    PharmacyFactory.create_batch(2)

    with pytest.raises(campaigns.AudienceMovedError, match="预览时是 1 家，现在名册里是 2 家"):
        campaigns.open_campaign(call(), expected=1, by=make_user(Role.SECRETARIAT), now=NOON)

    assert not Campaign.objects.exists()
    assert not Delivery.objects.exists()


def test_days_out_of_order_are_refused():
    with pytest.raises(campaigns.CampaignDaysError):
        campaigns.open_campaign(call(starts_on=date(2026, 2, 1)), by=make_user(), now=NOON)


def test_invite_again_adds_only_shops_that_joined_since():
    pledge = PledgeFactory()
    newcomer = PharmacyFactory()
    clerk = make_user(Role.SECRETARIAT)

    assert campaigns.invite(pledge.campaign, by=clerk, now=NOON) == 1
    assert campaigns.invite(pledge.campaign, by=clerk, now=NOON) == 0
    assert newcomer.pledges.count() == 1


def test_remind_reaches_unsigned_owners_once_a_day():
    pledge, owner = invited()
    signed = PledgeFactory(campaign=pledge.campaign, signed=True)
    owner_of(signed.pharmacy)
    clerk = make_user(Role.SECRETARIAT)
    everything = Pledge.objects.all()

    assert campaigns.remind(pledge.campaign, pledges=everything, by=clerk, now=NOON) == 1
    assert campaigns.remind(pledge.campaign, pledges=everything, by=clerk, now=NOON) == 0
    assert [delivery.recipient for delivery in Delivery.objects.all()] == [owner]


def test_lapse_closes_signed_and_unsigned_after_the_period_only():
    unsigned = PledgeFactory()
    signed = PledgeFactory(campaign=unsigned.campaign, signed=True)

    with pytest.raises(campaigns.CampaignOverError):
        campaigns.lapse(signed, now=NOON)
    for pledge in (unsigned, signed):
        campaigns.lapse(pledge, now=NEXT_YEAR)

    assert set(Pledge.objects.values_list("state", flat=True)) == {"expired"}
    with pytest.raises(ForbiddenMoveError):
        campaigns.lapse(signed, now=NEXT_YEAR)


def test_a_second_year_works_while_the_old_pledge_runs_out():
    pledge, owner = invited()
    sign_it(pledge, ticked=BOTH, name=owner.real_name, by=owner, now=NOON)
    next_year = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31)}
    campaign = campaigns.open_campaign(
        call(
            pledge.campaign.text,
            year=pledge.campaign.year + 1,
            sign_by=date(2027, 1, 31),
            **next_year,
        ),
        by=make_user(Role.SECRETARIAT),
        now=NEXT_YEAR,
    )
    fresh = campaign.pledges.get()

    campaigns.lapse(pledge, now=NEXT_YEAR)
    sign_it(fresh, ticked=BOTH, name=owner.real_name, by=owner, now=NEXT_YEAR)

    assert list(Pledge.objects.order_by("pk").values_list("state", flat=True)) == [
        "expired",
        "signed",
    ]


def test_load_text_twice_enters_it_once():
    document = {
        "title": "示例承诺书",
        "version": "1.0",
        "preamble": "自愿承诺。",
        "term_months": 12,
        "adopted_note": "",
        "source": "",
        "clauses": [{"seq": 1, "key": "law", "title": "守法", "text": "守法。", "cites": []}],
    }

    assert [texts.load_text(document, now=NOON)[1] for _ in range(2)] == [True, False]


def test_every_state_can_be_reached():
    reached, frontier = set(), {PLEDGE.initial}
    while frontier:
        reached |= frontier
        frontier = {PLEDGE.after(s, a) for s in frontier for a in PLEDGE.acts_from(s)} - reached

    assert reached == set(PLEDGE.labels)
