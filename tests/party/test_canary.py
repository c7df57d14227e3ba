"""Party data stays in its room: a canary is looked for on every other page, as every other role.

The canary is a member's name, number and phone, a meeting, a problem and a piece of work. Every
page that takes no record of its own, the searches, exports and inboxes of the other rooms are
opened as every role that keeps no Party ledger; none of them may show it.
"""

import ast
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.roles import GLOBAL_ROLES, Role
from activities.actions import reminders as duty_reminders
from association import outbox
from association.models import AuditEvent
from party.actions import meetings, members, reminders
from party.enums import MeetingKind
from tests.factories.accounts import UserFactory, make_user
from tests.factories.activities import ObligationFactory
from tests.factories.members import PharmacyFactory, head_office_of, owner_of, staff_of
from tests.factories.party import (
    ConsentFactory,
    MeetingFactory,
    PartyOrganisationFactory,
    ProblemFactory,
    WorkTaskFactory,
    load_rules,
    secretary_of,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
NAME, PHONE, ID_NUMBER = "金丝雀某某", "15499999999", "000000199001019996"
MEETING, PROBLEM, WORK = "金丝雀会议", "金丝雀问题", "金丝雀事项"
CANARY = re.compile("金丝雀|15499999999|154\\*\\*\\*\\*9999|00000019900101")


@pytest.fixture
def room():
    """A branch full of canaries, and a keeper to show that the net would catch one."""
    load_rules()
    member = ConsentFactory(member__name=NAME).member
    branch = member.organisation
    keeper = secretary_of(branch)
    members.keep_numbers(member, phone=PHONE, by=keeper, now=NOON)
    members.reveal(member, "phone", reason="金丝雀理由", by=keeper, now=NOON)
    meeting = MeetingFactory(
        organisation=branch, kind=MeetingKind.THEME_DAY, title=MEETING, guests=NAME
    )
    meetings.hold(meeting, by=keeper, now=NOON.replace(day=21))
    ProblemFactory(organisation=branch, description=PROBLEM, owner_name=NAME)
    WorkTaskFactory(organisation=branch, item__name=WORK, owner_name=NAME)
    return keeper


def addresses() -> list[str]:
    """Return the address of every page of the portal that takes no record of its own."""
    found = []
    for name in names(get_resolver()):
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    return sorted(set(found))


def names(resolver, space: str = "") -> list[str]:
    found = []
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            if pattern.namespace == "admin":
                continue
            below = f"{space}{pattern.namespace}:" if pattern.namespace else space
            found += names(pattern, below)
        elif pattern.name:
            found.append(f"{space}{pattern.name}")
    return found


def people() -> dict[str, object]:
    shop = PharmacyFactory()
    return {role.value: make_user(role) for role in sorted(GLOBAL_ROLES)} | {
        "owner": owner_of(shop),
        "staff": staff_of(shop),
        "head_office": head_office_of(shop.unit),
        "nobody": UserFactory(),
    }


def test_no_page_of_the_portal_shows_it_to_who_keeps_no_ledger(client, room):
    pages = addresses()
    assert len(pages) > 40
    caught = []
    for who, user in people().items():
        client.force_login(user)
        for address in pages:
            for asked in (address, f"{address}?q={NAME}"):
                answer = client.get(asked)
                if answer.status_code == 200 and not answer.streaming:
                    shown = answer.content.decode("utf-8", "replace")
                    # A page may repeat the word that was searched for; nothing else.
                    if CANARY.search(shown.replace(NAME, "") if "?q=" in asked else shown):
                        caught.append((who, asked))

    assert caught == []


def test_the_net_would_catch_one(client, room):
    client.force_login(room)

    seen = [
        name
        for name in ("party:members", "party:meetings", "party:work_list", "party:desk")
        if CANARY.search(client.get(reverse(name)).content.decode())
    ]

    assert seen == ["party:members", "party:meetings", "party:work_list", "party:desk"]


def test_the_audit_trail_holds_no_name_of_a_member_for_the_office(client, room):
    client.force_login(make_user(Role.SECRETARIAT))

    shown = client.get(reverse("desk:audit")).content.decode()

    assert not CANARY.search(shown)
    assert "登记会议召开" in shown
    assert not CANARY.search(str(list(AuditEvent.objects.values("target_label", "detail"))))


def test_the_log_of_deliveries_says_that_the_room_wrote_and_not_what(client):
    load_rules()
    branch = PartyOrganisationFactory(
        name="金丝雀支部",
        term_starts_on=NOON.date() - timedelta(days=1070),
        term_ends_on=NOON.date() + timedelta(days=25),
    )
    secretary_of(branch)
    owed = ObligationFactory(organisation=branch)
    reminders.of_term(branch, now=NOON)
    duty_reminders.remind(owed, now=NOON.replace(month=4, day=2))
    client.force_login(make_user(Role.SECRETARIAT))

    log = client.get(reverse("desk:messages")).content.decode()
    pages = [
        client.get(reverse("desk:delivery", args=[pk])).content.decode()
        for pk in outbox.Delivery.objects.values_list("pk", flat=True)
    ]

    assert log.count("党组织内部") == len(pages) == 2
    assert [page for page in [log, *pages] if CANARY.search(page)] == []


def test_every_message_of_the_room_names_a_record_of_the_room():
    posts = [
        (path.name, {keyword.arg for keyword in call.keywords})
        for path in sorted((settings.BASE_DIR / "party").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("outbox.post", "outbox.write")
    ]

    assert len(posts) > 4
    assert [name for name, said in posts if "about" not in said] == []


def test_no_message_about_it_reaches_another_role(room):
    others = people()

    told = outbox.Delivery.objects.filter(recipient__in=list(others.values()))

    assert not told.exists()
