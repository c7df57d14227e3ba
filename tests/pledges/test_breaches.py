from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from accounts.roles import Role
from association.default_content import working_days
from association.models import AuditEvent, Delivery
from association.workflow import ForbiddenMoveError
from pledges import queries
from pledges.actions import breaches
from pledges.default_content import breach_levels
from pledges.models import Breach, BreachLevel, Pledge
from tests.factories.accounts import make_user
from tests.factories.association import StoredFileFactory
from tests.factories.members import PositionFactory, owner_of, staff_of
from tests.factories.pledges import CampaignFactory, PledgeFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
TOLD = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)  # a Monday
LAST_DAY = datetime(2026, 3, 9, 10, tzinfo=SHANGHAI)
AFTER = datetime(2026, 3, 10, 10, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def _content():
    breach_levels(TOLD)
    working_days(TOLD)


@pytest.fixture
def clerk():
    return make_user(Role.SECRETARIAT)


def opened(clerk, *, level=2, pledge=None) -> Breach:
    pledge = pledge or PledgeFactory(signed=True)
    return breaches.open_breach(
        pledge,
        clause=pledge.campaign.text.clauses.get(key="law"),
        level=BreachLevel.objects.get(level=level),
        facts="示例：营业时间药师不在岗。",
        source=("inspection", "12", "3 月抽查"),
        by=clerk,
        now=TOLD,
    )


def told(clerk, **given) -> Breach:
    return breaches.notify(opened(clerk, **given), by=clerk, now=TOLD)


def decide(breach, clerk, *, level=None, people=None, now=AFTER, **given) -> Breach:
    level = BreachLevel.objects.get(level=level or breach.level.level)
    people = people or [make_user(Role.SECRETARIAT) for _ in range(level.least_deciders)]
    given = {"reasons": "示例理由", "measure_ends_on": date(2026, 4, 30)} | given
    return breaches.decide(
        breach,
        level=level,
        deciders=people,
        minutes=StoredFileFactory(),
        by=clerk,
        now=now,
        **given,
    )


def test_a_finding_says_nothing_until_the_shop_is_told(clerk):
    breach = opened(clerk)
    owner = owner_of(breach.pledge.pharmacy)
    assert not Breach.objects.visible_to(owner).exists()

    told_now = breaches.notify(breach, by=clerk, now=TOLD)

    assert told_now.hear_until == date(2026, 3, 9)  # five working days
    assert list(Breach.objects.visible_to(owner)) == [breach]
    assert Delivery.objects.get().recipient == owner
    assert Pledge.objects.get().state == "signed"


def test_nothing_is_decided_while_the_shop_may_answer(clerk):
    breach = told(clerk)

    with pytest.raises(breaches.HearingOpenError, match="2026-03-09"):
        decide(breach, clerk, now=LAST_DAY)

    assert decide(breach, clerk, now=AFTER).state == "decided"


@pytest.mark.parametrize(
    "said", [{"statement": "当天药师请假，有假条。"}, {"is_waived": True}], ids=["answer", "waiver"]
)
def test_after_an_answer_or_a_waiver_it_may_be_decided_at_once(clerk, said):
    breach = told(clerk)
    owner = owner_of(breach.pledge.pharmacy)

    breaches.hear(breach, **said, papers=[StoredFileFactory()], by=owner, now=TOLD)

    assert decide(breach, clerk, now=LAST_DAY).state == "decided"
    assert breach.files.count() == 1


def test_an_empty_answer_and_a_late_one_are_refused(clerk):
    breach = told(clerk)
    owner = owner_of(breach.pledge.pharmacy)

    with pytest.raises(breaches.BreachRefusedError, match="请写下您的说明"):
        breaches.hear(breach, by=owner, now=TOLD)
    with pytest.raises(breaches.HearingOverError, match="已经截止"):
        breaches.hear(breach, statement="晚了", by=owner, now=AFTER)


def test_too_few_people_or_one_of_the_same_company_decide_nothing(clerk):
    breach = told(clerk)
    own = make_user(Role.SECRETARIAT)
    PositionFactory(
        user=own, role=Role.HEAD_OFFICE, unit=breach.pledge.pharmacy.unit, pharmacy=None
    )

    with pytest.raises(breaches.TooFewDecidersError, match="至少要 2 人"):
        decide(breach, clerk, people=[clerk, clerk])
    with pytest.raises(breaches.RecusedError, match="须回避"):
        decide(breach, clerk, people=[clerk, own])

    assert Breach.objects.get().state == "notified"
    assert not AuditEvent.objects.filter(act="breach.decided").exists()


def test_a_decision_breaks_the_pledge_and_the_repair_restores_it(clerk):
    breach = decide(told(clerk), clerk)
    assert Pledge.objects.get().state == "breached"

    breaches.repair(breach, reason="药师已到岗，复查属实", by=clerk, now=AFTER)

    assert Pledge.objects.get().state == "signed"
    with pytest.raises(ForbiddenMoveError):
        breaches.repair(breach, reason="再来一次", by=clerk, now=AFTER)


def test_a_reminder_leaves_the_pledge_as_it_is(clerk):
    decide(told(clerk, level=1), clerk)

    assert Pledge.objects.get().state == "signed"


def test_of_two_breaches_both_must_be_repaired(clerk):
    first = decide(told(clerk), clerk)
    second = decide(told(clerk, pledge=Pledge.objects.get()), clerk)

    breaches.repair(first, reason="改好了", by=clerk, now=AFTER)
    assert Pledge.objects.get().state == "breached"
    breaches.repair(second, reason="改好了", by=clerk, now=AFTER)

    assert Pledge.objects.get().state == "signed"


def test_one_appeal_and_the_second_decision_is_the_last(clerk):
    breach = decide(told(clerk, level=4), clerk)
    owner = owner_of(breach.pledge.pharmacy)

    appealed = breaches.appeal(breach, reasons="事实不符", by=owner, now=AFTER)
    second = decide(appealed, clerk, level=2)

    assert (second.level.level, second.decisions.count()) == (2, 2)
    with pytest.raises(breaches.OneAppealError, match="最后的"):
        breaches.appeal(second, reasons="还是不服", by=owner, now=AFTER)


def test_an_appeal_that_succeeds_restores_the_pledge(clerk):
    breach = decide(told(clerk), clerk)
    appealed = breaches.appeal(
        breach, reasons="事实不符", by=owner_of(breach.pledge.pharmacy), now=AFTER
    )

    breaches.dismiss(appealed, reason="查明当天有假条", by=clerk, now=AFTER)

    assert Pledge.objects.get().state == "signed"


def test_names_follow_the_level_and_expire_by_themselves(clerk):
    hidden = decide(told(clerk, level=2), clerk)
    members = decide(told(clerk, level=3), clerk)
    public = decide(told(clerk, level=4), clerk)
    day = AFTER.date()

    def shown(on, *, to_public):
        return set(queries.names_shown(on=on, to_public=to_public))

    assert shown(day, to_public=True) == {public}
    assert shown(day, to_public=False) == {public, members}
    assert hidden.names_until is None
    assert shown(day + timedelta(days=30), to_public=True) == {public}
    assert shown(day + timedelta(days=31), to_public=True) == set()
    breaches.appeal(public, reasons="不服", by=owner_of(public.pledge.pharmacy), now=AFTER)
    assert shown(day, to_public=True) == set()


def test_what_touches_a_veto_is_there_to_be_asked_for(clerk):
    breach = decide(told(clerk), clerk)
    shop = breach.pledge.pharmacy_id
    year = (date(2026, 1, 1), date(2026, 12, 31))
    assert queries.breaches_touching_veto([shop], *year) == {}
    clause = breach.clause
    clause.cites = ["item/R01", "veto/V06"]
    clause.save(update_fields=["cites"])

    found = queries.breaches_touching_veto([shop], *year)

    assert found[shop][0]["vetoes"] == ["veto/V06"]
    assert queries.breaches_touching_veto([shop], date(2025, 1, 1), date(2025, 12, 31)) == {}
    breaches.dismiss(
        breaches.appeal(breach, reasons="不服", by=owner_of(breach.pledge.pharmacy), now=AFTER),
        reason="不成立", by=clerk, now=AFTER,
    )  # fmt: skip
    assert queries.breaches_touching_veto([shop], *year) == {}


def test_only_a_signed_pledge_and_its_own_clause_can_be_broken(clerk):
    unsigned, other = PledgeFactory(), PledgeFactory(signed=True)
    level = BreachLevel.objects.get(level=1)
    given = {"level": level, "facts": "示例", "source": ("report", "", "来电"), "by": clerk}

    with pytest.raises(breaches.BreachRefusedError, match="签署过"):
        breaches.open_breach(
            unsigned, clause=unsigned.campaign.text.clauses.first(), now=TOLD, **given
        )
    with pytest.raises(breaches.BreachRefusedError, match="不是这份承诺书"):
        breaches.open_breach(
            other, clause=unsigned.campaign.text.clauses.first(), now=TOLD, **given
        )


def test_the_content_has_five_levels_and_comes_in_once(clerk):
    assert BreachLevel.objects.count() == 5
    assert breach_levels(TOLD) == 0


def test_a_measure_without_an_end_is_refused_by_the_database(clerk):
    breach = told(clerk)

    with pytest.raises(IntegrityError, match="measure_has_an_end"):
        Breach.objects.filter(pk=breach.pk).update(state="decided")


def test_a_withdrawn_pledge_may_be_asked_for_anew(clerk):
    pledge = PledgeFactory(signed=True, campaign=CampaignFactory(ends_on=date(2100, 1, 1)))

    with pytest.raises(breaches.BreachRefusedError):
        breaches.withdraw(pledge, reason="", by=clerk, now=TOLD)
    breaches.withdraw(pledge, reason="更换经营主体", by=clerk, now=TOLD)

    text, year = pledge.campaign.text, pledge.campaign.year
    assert list(queries.to_invite(text, year, {})) == [pledge.pharmacy]
    assert PledgeFactory(campaign=pledge.campaign, pharmacy=pledge.pharmacy).state == "invited"


def test_by_the_doors_the_office_tells_and_the_shop_answers_with_a_paper(client, clerk):
    pledge = PledgeFactory(signed=True)
    client.force_login(clerk)
    page = client.get(reverse("pledges:open_breach", args=[pledge.pk])).content.decode()
    assert "登记违诺" in page
    client.post(
        reverse("pledges:open_breach", args=[pledge.pk]),
        {
            "clause": pledge.campaign.text.clauses.first().pk,
            "level": BreachLevel.objects.get(level=2).pk,
            "facts": "示例事实",
            "source_kind": "inspection",
            "source_label": "抽查",
        },
    )
    breach = Breach.objects.get()
    client.post(reverse("pledges:notify", args=[breach.pk]))
    client.force_login(owner_of(pledge.pharmacy))
    paper = client.get(reverse("pledges:paper", args=[pledge.pk])).content
    client.post(
        reverse("pledges:hear", args=[breach.pk]),
        {"statement": "有假条", "papers": [SimpleUploadedFile("假条.pdf", paper)]},
    )
    breach.refresh_from_db()
    assert (breach.state, breach.files.count()) == ("heard", 1)
    assert "有假条" in client.get(reverse("pledges:breach", args=[breach.pk])).content.decode()
    file = breach.files.get()
    assert client.get(reverse("pledges:breach_file", args=[breach.pk, file.pk])).status_code == 200
    client.force_login(staff_of(pledge.pharmacy))
    assert client.post(reverse("pledges:hear", args=[breach.pk])).status_code == 403
    people = [clerk, make_user(Role.SECRETARIAT)]
    client.force_login(clerk)
    client.post(
        reverse("pledges:decide", args=[breach.pk]),
        {
            "level": breach.level_id,
            "reasons": "示例理由",
            "measure_ends_on": "2100-01-01",
            "deciders": [person.pk for person in people],
            "minutes": SimpleUploadedFile("记录.pdf", paper),
        },
    )
    assert Pledge.objects.get().state == "breached"
    assert "约谈" in client.get(reverse("pledges:breaches")).content.decode()


def test_the_wall_names_whom_the_level_names(client, clerk):
    breach = decide(told(clerk, level=4), clerk, now=AFTER)
    far = date(2100, 1, 1)
    Breach.objects.filter(pk=breach.pk).update(names_until=far, measure_ends_on=far)

    page = client.get(reverse("pledges:wall")).content.decode()

    assert "没有守住承诺的" in page
    assert breach.pledge.pharmacy.name in page
