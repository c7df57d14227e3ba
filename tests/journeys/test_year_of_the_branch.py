"""The year 2026: 24 clinics, 700 small events, the six ones and 三会一课, entered by the forms.

One of each kind is entered at a real browser, where taps are counted; the rest of the year is
sent through the same forms. At the end the matrix is read, as the office reads it.
"""

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import sync_playwright

from accounts.roles import Role
from activities import actions
from activities.default_content import programme
from activities.models import Activity, CharityCredit, Obligation
from activities.queries.matrix import completion_matrix
from association.default_content import working_days
from association.models import CalendarDay
from desk import queries as desk_queries
from desk.models import AssociationProfile
from members.models import Pharmacy
from party.models import Meeting
from tests.factories.accounts import make_user
from tests.factories.members import PharmacyFactory
from tests.factories.party import (
    PartyMemberFactory,
    PartyOrganisationFactory,
    load_rules,
    secretary_of,
)
from tests.journeys.browser import CHROMIUM, DESK, Visitor, launched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine."),
]

SMALL_EVENTS = 700
SIX_ONES = ("duty/B01", "duty/B02", "duty/B03", "duty/B04", "duty/B05", "duty/B06")
LIFE = {"duty/A01": "general", "duty/A04": "lecture", "duty/A05": "theme_day"}
REGISTER = 4  # taps from the first screen to an event with its photo


def photo() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "JPEG")
    return drawn.getvalue()


class Desk:
    """Two clerks and the keeper of the branch, each with the forms of the portal."""

    def __init__(self, monkeypatch) -> None:
        self.now = datetime(2026, 1, 4, 1, 0, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        self.clients: dict[str, Client] = {}
        self.users: dict = {}

    def on(self, day: date, hour: int = 18) -> None:
        """Let the days go by until the evening of ``day``."""
        self.now = timezone.make_aware(datetime.combine(day, time(hour)))
        for name, user in self.users.items():
            self.clients[name].force_login(user)  # nobody stays logged in for weeks

    def seat(self, name: str, user) -> None:
        self.clients[name], self.users[name] = Client(), user

    def send(self, who: str, address: str, data: dict) -> str:
        """Send a form; return where it leads. A form that comes back has refused something."""
        answer = self.clients[who].post(address, data)
        assert answer.status_code == 302, (address, _refusals(answer))
        return answer.url


def _refusals(answer) -> str:
    form = answer.context and answer.context.get("form")
    return f"{answer.status_code} {form.errors if form else answer.content.decode()[:400]}"


@pytest.fixture
def desk(monkeypatch):
    with monkeypatch.context() as patch:
        yield Desk(patch)


@pytest.fixture
def house(desk):
    """An association of sixty shops with its branch, and the programme of 2026."""
    desk_queries.remember(AssociationProfile(name=desk_queries.DEFAULT_NAME))
    load_rules()
    working_days(desk.now)
    branch = PartyOrganisationFactory(name="示例协会党支部", founded_on=date(2021, 7, 1))
    PartyMemberFactory.create_batch(5, organisation=branch)
    shops = PharmacyFactory.create_batch(60)
    programme(desk.now)
    actions.oblige(2026, since=date(2026, 1, 1), now=desk.now)
    people = {
        "clerk": make_user(Role.SECRETARIAT),
        "second": make_user(Role.SECRETARIAT),
        "keeper": secretary_of(branch),
    }
    for name, user in people.items():
        desk.seat(name, user)
    return {"branch": branch, "shops": shops} | people


# ------------------------------------------------------------------ the forms


def enter(desk: Desk, code: str, day: date, title: str, shops=(), **more) -> None:
    """Register an activity, its shops and its photo; the other clerk verifies it."""
    where = desk.send(
        "clerk",
        reverse("activities:record"),
        {"title": title, "held_on": day.isoformat(), "duties": [code, *more.pop("also", [])]}
        | more,
    )
    pk = int(re.search(r"/activities/(\d+)/", where)[1])
    if shops:
        ticked = {"shop": [shop.pk for shop in shops]} | {f"people_{s.pk}": "1" for s in shops}
        desk.send("clerk", reverse("activities:attend", args=[pk]), ticked)
    paper = SimpleUploadedFile("现场.jpg", photo(), "image/jpeg")
    desk.send("clerk", reverse("activities:attach", args=[pk]), {"file": paper, "filed_as": "*"})
    desk.send("second", reverse("activities:verify", args=[pk]), {})


def hold_meeting(desk: Desk, branch, kind: str, day: date, also=()) -> None:
    """Plan, hold, tick the roll, write the minutes and file a meeting of the branch."""
    where = desk.send(
        "keeper",
        reverse("party:plan"),
        {
            "organisation": branch.pk, "kind": kind, "also": list(also), "title": "示例会议",
            "day": day.isoformat(), "hour": "15:00", "place": "会议室", "agenda": "学习",
            "chair": "甲", "recorder": "乙",
        },
    )  # fmt: skip
    pk = int(re.search(r"/meetings/(\d+)/", where)[1])
    desk.send("keeper", reverse("party:hold", args=[pk]), {})
    roll = Meeting.objects.get(pk=pk).roll.values_list("pk", flat=True)
    desk.send(
        "keeper",
        reverse("party:roll", args=[pk]),
        {f"presence_{entry}": "present" for entry in roll},
    )
    desk.send("keeper", reverse("party:minutes", args=[pk]), {"minutes": "学习并讨论。"})
    desk.send("keeper", reverse("party:close", args=[pk]), {})


def small_events(desk: Desk, month: int, count: int, shops) -> None:
    """Type a page of birthdays and let the other clerk verify them all."""
    last = date(2026, month, 27)
    desk.on(last)
    days = [date(2026, month, 1 + n % 26) for n in range(count)]
    rows = [(day, shops[n % len(shops)]) for n, day in enumerate(days)]
    desk.send(
        "clerk",
        reverse("activities:batch"),
        {
            "title": "员工生日会", "duty": "duty/D02", "save": "1",
            "paper": SimpleUploadedFile("名单.jpg", photo(), "image/jpeg"),
            "day": [day.isoformat() for day, _ in rows],
            "shop": [shop.name for _, shop in rows],
            "people": ["8"] * count,
            "row_title": [f"员工生日会第{n + 1}场" for n in range(count)],
        },
    )  # fmt: skip
    waiting = Activity.objects.filter(state="recorded").values_list("pk", flat=True)
    desk.send("second", reverse("activities:verify_many"), {"activity": list(waiting)})


# ------------------------------------------------------------------ at the browser


def at_the_browser(live_server, walks: list[tuple]) -> None:
    """Let people walk at a real browser, one after another; no page they meet has a fault."""
    sessions = []
    for user, walk in walks:
        client = Client()
        client.force_login(user)
        sessions.append((client.session.session_key, walk))
    faults = []
    with sync_playwright() as playwright:
        browser = launched(playwright)
        try:
            for key, walk in sessions:
                visitor = Visitor(browser, live_server.url, size=DESK)
                visitor.context.set_default_timeout(30_000)
                visitor.carry(settings.SESSION_COOKIE_NAME, key)
                walk(visitor)
                faults += visitor.faults
                visitor.context.close()
        finally:
            browser.close()
            connections.close_all()  # those that were opened beside Playwright's loop
    assert faults == []


def the_first_clinic(visitor: Visitor) -> None:
    """From the matrix: its cell, the form, the photo, done; then the shops that took part."""
    page = visitor.page
    visitor.go(reverse("activities:matrix") + "?year=2026")
    visitor.tap(page.get_by_role("link", name=re.compile("^2026年1月义诊")))
    page.get_by_label("活动日期").fill("2026-01-10")
    visitor.tap(visitor.button("保存"))
    page.get_by_label("照片或材料").set_input_files(
        {"name": "义诊.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    page.get_by_label("这份材料是").select_option("*")
    visitor.tap(visitor.button("上传"))
    assert visitor.taps <= REGISTER
    visitor.tap(visitor.link("登记药店"))
    for box in page.get_by_role("checkbox").all()[:5]:
        visitor.press(box)
    visitor.tap(visitor.button("保存名单"))
    assert visitor.reads("5 家")


def a_page_of_small_events(visitor: Visitor) -> None:
    """Four columns pasted out of a sheet: read, then entered."""
    page = visitor.page
    visitor.go(reverse("activities:batch") + "?duty=duty/D02&title=员工生日会")
    visitor.press(page.locator("summary", has_text="从表格粘贴"))
    names = Pharmacy.objects.order_by("pk").values_list("name", flat=True)[:10]
    pasted = "\n".join(f"2026-01-0{n % 9 + 1}\t{name}\t6" for n, name in enumerate(names))
    page.get_by_label("粘贴到这里").fill(pasted)
    visitor.tap(visitor.button("读进下面的表"))
    page.get_by_label("这一批的照片或名单").set_input_files(
        {"name": "名单.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    visitor.tap(visitor.button("登记这些活动"))
    assert visitor.taps == 3
    assert visitor.reads("已登记 10 场")


def all_that_waits(visitor: Visitor) -> None:
    """The second clerk ticks what waits and verifies it in one go."""
    visitor.go(reverse("activities:records") + "?view=waiting")
    visitor.press("#tick-all")
    visitor.tap(visitor.button("核实勾选的"))
    assert visitor.taps == 2
    assert visitor.reads("已核实 11 场")


def the_first_theme_day(visitor: Visitor) -> None:
    """The keeper's way from the cell of the matrix to filed minutes."""
    page = visitor.page
    visitor.go(reverse("party:meetings") + "?year=2026")
    visitor.tap(page.get_by_role("link", name=re.compile("^2026年1月主题党日")))
    page.get_by_label("日期").fill("2026-01-15")
    page.get_by_label("主持人").fill("甲")
    page.get_by_label("记录人").fill("乙")
    visitor.press(page.get_by_label("党课"))
    visitor.tap(visitor.button("登记"))
    visitor.tap(visitor.button("登记召开"))
    visitor.tap(visitor.button("保存签到"))  # everybody is there unless somebody says otherwise
    page.locator("#minutes textarea").fill("学习并讨论。")
    visitor.tap(visitor.button("保存记录"))
    visitor.tap(visitor.button("归档"))
    assert visitor.taps == 7
    assert visitor.reads("已归档")


# ------------------------------------------------------------------ the year


def test_the_year_of_the_branch_is_entered_by_the_cheap_forms(
    live_server, desk, house, monkeypatch
):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop is in this thread
    branch, shops = house["branch"], house["shops"]
    desk.on(date(2026, 1, 20))
    at_the_browser(
        live_server,
        [
            (house["clerk"], the_first_clinic),
            (house["clerk"], a_page_of_small_events),
            (house["second"], all_that_waits),
            (house["keeper"], the_first_theme_day),
        ],
    )

    per_month = [58] * 11 + [SMALL_EVENTS - 10 - 58 * 11]
    for month in range(1, 13):
        desk.on(date(2026, month, 26))
        place = {"bonus": "bonus/B01", "beneficiaries": "80", "beneficiaries_by": "counted"}
        for day in (10, 24)[month == 1 :]:  # two clinics a month; the first one was at the browser
            also = ["duty/B01"] if day == 24 else []
            enter(desk, "duty/D01", date(2026, month, day), f"{month}月义诊", shops[:8],
                  also=also, hours="3", **place)  # fmt: skip
        if month > 1:
            also = ["lecture"] if month % 3 == 1 else []
            hold_meeting(desk, branch, "theme_day", _theme_day(month), also)
        if month % 3 == 0:
            enter(desk, "duty/B03", date(2026, month, 8), "安全用药宣讲", beneficiaries="60",
                  beneficiaries_by="counted")  # fmt: skip
            enter(desk, "duty/B04", date(2026, month, 9), "帮办换证", shops[:3])
            hold_meeting(desk, branch, "general", date(2026, month, 18))
        small_events(desk, month, per_month[month - 1], shops)
    desk.on(date(2026, 11, 20))
    enter(desk, "duty/B05", date(2026, 11, 12), "星级药店创建", shops[:20])
    desk.on(date(2026, 10, 28))
    enter(desk, "duty/B06", date(2026, 10, 20), "会员全员培训", shops, hours="3")

    desk.on(date(2026, 12, 31))
    rows = completion_matrix(2026, today=date(2026, 12, 31), hosts=[None, branch.pk])
    states = {row.duty.code: Counter(cell.state for cell in row.cells) for row in rows}
    assert {code: dict(states[code]) for code in SIX_ONES} == {
        "duty/B01": {"done": 12}, "duty/B02": {"done": 12}, "duty/B03": {"done": 4},
        "duty/B04": {"done": 4}, "duty/B05": {"done": 1}, "duty/B06": {"done": 1},
    }  # fmt: skip
    assert {code: dict(states[code]) for code in LIFE} == {
        "duty/A01": {"done": 4}, "duty/A04": {"done": 4}, "duty/A05": {"done": 12},
    }  # fmt: skip
    assert dict(states["duty/D01"]) == {"done": 12}
    verified = Activity.objects.filter(state="verified")
    assert verified.filter(fulfilments__code="duty/D01").count() == 24
    assert verified.filter(fulfilments__code="duty/D02").count() == SMALL_EVENTS
    # Every clinic earned each of its shops one time, and nothing else earned anything.
    assert CharityCredit.objects.count() == 23 * 8 + 5
    page = desk.clients["clerk"].get(reverse("activities:matrix"), {"year": 2026})
    assert page.status_code == 200
    assert not Obligation.objects.overdue(on=date(2026, 12, 31)).filter(code__in=SIX_ONES).exists()


def _theme_day(month: int) -> date:
    """Return the fixed day of the rules: the 15th, or the next working day."""
    day, calendar = date(2026, month, 15), CalendarDay.objects.calendar()
    while not calendar.is_working(day):
        day += timedelta(days=1)
    return day
