"""One shop through its people, each at a real browser: owner, reviewer, office, regulator, public.

Every page that anyone meets is examined (tests/journeys/browser.py), and what a frequent task may
cost in taps (ui.md §4.3) is counted while it is done.
"""

import io
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from accounts.roles import Role
from association import jobs
from association.default_content import working_days
from desk import queries as desk_queries
from desk.models import AssociationProfile
from starrating.actions import cycle as cycles
from starrating.actions import entry, review
from starrating.models import Assessment, Award, Cycle, Result
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import SchemeFactory, best_answers
from tests.journeys.browser import CHROMIUM, DESK, PHONE, Visitor, launched
from tests.journeys.test_rating_cycle import filled_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine."),
]
LOOK_ONLY = {"/accounts/logout/", "/reports/cockpit/export/"}  # an export writes its own trail


class Story:
    """The clock, the device of each person, and what the worker does in between."""

    def __init__(self, browser, base: str, monkeypatch) -> None:
        self.browser, self.base, self.visitors = browser, base, []
        self.now = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def on(self, day: str) -> None:
        """Let the days go by until ten in the morning of ``day``."""
        self.now = datetime.fromisoformat(f"{day}T10:00:00+08:00")

    def visitor(self, size: dict, *, script: bool = True) -> Visitor:
        made = Visitor(self.browser, self.base, size=size, script=script)
        self.visitors.append(made)
        return made

    @contextmanager
    def seat(self, user, size: dict):
        """A person who is already logged in, for as long as the work takes."""
        self.now += timedelta(minutes=5)
        client = Client()
        client.force_login(user)
        made = self.visitor(size)
        made.carry(settings.SESSION_COOKIE_NAME, client.session.session_key)
        yield made
        made.context.close()

    def work(self) -> None:
        """What the worker does at that moment."""
        while jobs.run_due(clock=lambda: self.now)[0]:
            pass

    @property
    def faults(self) -> list[str]:
        return [fault for visitor in self.visitors for fault in visitor.faults]


@pytest.fixture
def story(live_server, monkeypatch):
    profile = AssociationProfile(name=desk_queries.DEFAULT_NAME, contact_phone="010-12345678")
    desk_queries.remember(profile)
    with monkeypatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the queries are in nobody's way.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = launched(playwright)
        yield Story(browser, live_server.url, patch)
        browser.close()
        connections.close_all()  # those of the loop; the thread's own are closed by Django


@pytest.fixture
def people(story):
    """One shop and its owner, a second one that is done already, and the office."""
    working_days(story.now)
    secretary, adjudicator = make_user(Role.SECRETARIAT), make_user(Role.ADJUDICATOR)
    reviewer, regulator = make_user(Role.REVIEWER), make_user(Role.REGULATOR)
    shop = PharmacyFactory(name="示例百草堂大药房安泰路店")
    other = PharmacyFactory(name="示例长青药房", area=shop.area)
    made = {
        "secretary": secretary, "adjudicator": adjudicator, "reviewer": reviewer,
        "regulator": regulator, "owner": owner_of(shop), "other": owner_of(other),
        "shop": shop,
    }  # fmt: skip
    scheme = SchemeFactory()
    cycle = cycles.plan(
        cycles.Plan(
            name="2026 年度",
            scheme=scheme,
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 12, 31),
            entry_closes_on=date(2026, 11, 7),
            review_closes_on=date(2026, 11, 30),
            valid_from=date(2027, 1, 1),
            valid_to=date(2027, 12, 31),
        ),
        by=secretary,
        now=story.now,
    )
    cycles.open_(cycle, by=secretary, now=story.now)
    story.work()
    ready = Assessment.objects.get(pharmacy=other)
    entry.save_answers(ready, answers=best_answers(scheme), by=made["other"], now=story.now)
    entry.submit(ready, by=made["other"], now=story.now)
    for case in Assessment.objects.all():
        review.assign(case, reviewer=reviewer, by=secretary, now=story.now)
    return made


def photo() -> dict:
    picture = io.BytesIO()
    Image.effect_noise((60, 40), 40).convert("RGB").save(picture, "JPEG")
    return {"name": "挂牌.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}


def log_in(visitor: Visitor, user) -> None:
    visitor.go(reverse("account_login"))
    visitor.page.locator("[name=login]").fill(user.username)
    visitor.page.locator("[name=password]").fill(PASSWORD)
    visitor.tap(visitor.button("登录"))


def answer_part(visitor: Visitor, scheme) -> int:
    """Answer every item of the part on the screen; return how many answers were tapped."""
    tapped = 0
    for code, answer in best_answers(scheme).items():
        field = visitor.page.locator(f"#q-{code}")
        if not field.count():
            continue
        actual, _, due = answer.partition("/")
        if due:
            field.locator(f"[name={code}-actual]").fill(actual)
            field.locator(f"[name={code}-due]").fill(due)
        elif field.locator(f"input.inp[name={code}]").count():
            field.locator(f"input.inp[name={code}]").fill(answer)
        else:
            visitor.press(field.locator("label", has=visitor.page.locator(f"[value='{answer}']")))
            tapped += 1
    return tapped


def test_one_shop_from_the_first_answer_to_the_scanned_certificate(story, people):
    cycle, scheme = Cycle.objects.get(), Cycle.objects.get().scheme
    case = Assessment.objects.get(pharmacy=people["shop"])

    # The owner, on the phone: logs in, goes on with one tap, fills part by part, hands in.
    owner = story.visitor(PHONE)
    log_in(owner, people["owner"])
    assert owner.reads("自评开始了")
    owner.taps = 0
    owner.tap(owner.link("开始填自评"))
    assert owner.taps == 1, "continue self-assessment"
    owner.tap(owner.link("开始填写"))
    parts, answers = len(scheme.rules.sections), 0
    for position in range(1, parts + 1):
        answers += answer_part(owner, scheme)
        if position == 1:
            with owner.page.expect_file_chooser() as chooser:
                owner.press("#q-S01 .ev.add")
            chooser.value.set_files(photo())
            expect(owner.page.locator("#q-S01 .ev .st")).to_have_text("已上传")
        owner.tap(owner.page.locator(".mbar button[type=submit]"))
    assert owner.reads("提交前核对")
    owner.press("#is_truthful")
    owner.tap(owner.button("提交自评"))
    assert owner.reads("自评已交给协会")
    # Nothing is tapped but answers, one button per part, the photo, and the hand-in.
    assert owner.taps == 2 + answers + parts + 1 + 2

    # The reviewer, at a desk: passes one, sees the next; sends it back with a reason.
    with story.seat(people["reviewer"], DESK) as reviewer:
        reviewer.go("/")
        reviewer.tap(reviewer.link("示例长青药房"))
        reviewer.tap(reviewer.button("通过，看下一家"))
        assert reviewer.taps == 2, "review a self-assessment and pass"
        assert reviewer.reads("示例长青药房：评审完成")
        expect(reviewer.page.locator("#case h2")).to_have_text(people["shop"].name)
        reviewer.go("/")
        reviewer.tap(reviewer.link(people["shop"].name))
        reviewer.press("#c-S03 summary")
        reviewer.page.locator("[name=n-S03]").fill("请补制度目录的照片")
        reviewer.tap(reviewer.button("退回补充"))
        assert reviewer.taps == 3, "return with reason"
        assert reviewer.reads("已退回")

    story.now += timedelta(minutes=5)
    # The owner corrects: told on the first page, one tap to the place, the photo in two more.
    owner.go("/")
    assert owner.reads("还差 1 处要补")
    owner.tap(owner.link("去补充材料"))
    owner.tap(owner.link("去补"))
    with owner.page.expect_file_chooser() as chooser:
        owner.press("#q-S03 .ev.add")
    chooser.value.set_files(photo())
    expect(owner.page.locator("#q-S03 .ev .st")).to_have_text("已上传")
    assert owner.taps == 3, "add a photo to an answer"
    owner.page.reload()
    assert owner.reads("已补，提交后由评审看")
    owner.tap(owner.link("全部"))
    owner.tap(owner.link("核对并提交"))
    owner.press("#is_truthful")
    owner.tap(owner.button("提交自评"))

    # The reviewer opens the case by the list, with the mouse and with keys, and passes it.
    with story.seat(people["reviewer"], DESK) as reviewer:
        reviewer.go(reverse("starrating:review", args=[cycle.pk]))
        reviewer.press(reviewer.page.locator("[data-row]"))
        expect(reviewer.page.locator("#case h2")).to_have_text(people["shop"].name)
        expect(reviewer.page.locator("#c-S03 .evs img")).to_be_visible()
        reviewer.examine()
        with reviewer.page.expect_navigation():  # the photo by itself, and back
            reviewer.press("#c-S03 .evs a")
        assert reviewer.page.locator("img").count() == 1
        reviewer.page.go_back()
        reviewer.page.locator("[data-row]").first.focus()
        with reviewer.page.expect_navigation():
            reviewer.page.keyboard.press("a")
        reviewer.examine()
        assert reviewer.reads("评审完成")

    _office_finishes(story, people, cycle)
    award = Award.objects.get(pharmacy=people["shop"])

    # The owner reads why with one tap and has the certificate with two.
    owner.carry(settings.SESSION_COOKIE_NAME, _session(people["owner"]))
    owner.go("/")
    assert owner.reads(award.serial)
    owner.tap(owner.link("看得分和理由"))
    assert owner.taps == 1, "see lost points and why"
    assert owner.reads(f"{Result.objects.get(assessment=case).total:.1f}")
    certificate = owner.page.get_by_role("link", name="下载证书")
    assert certificate.get_attribute("href") == reverse("starrating:certificate", args=[award.pk])
    owner.go("/")
    owner.tap(owner.link("门店码"))
    assert owner.taps == 1, "show the door QR"

    _regulator_reads(story, people)
    _public_scans(story, award)
    assert story.faults == []


def _session(user) -> str:
    client = Client()
    client.force_login(user)
    return client.session.session_key


def _office_finishes(story, people, cycle) -> None:
    """Marks by sheet, the rating, two signatures, told, publicised, final."""
    home = reverse("starrating:cycle", args=[cycle.pk])
    story.on("2026-11-08")
    with story.seat(people["secretary"], DESK) as office:
        office.go(home)
        office.tap(office.button("结束自评"))
        assert office.reads("进入评审")
        for kind in ("department", "public"):
            template = reverse("starrating:mark_template", args=[cycle.pk]) + f"?kind={kind}"
            sheet = office.context.request.get(story.base + template).body()
            office.go("/")
            office.tap(office.link("监管与口碑评分"))
            office.tap(office.link("上传评分表"))
            office.page.locator(f"[name=kind][value={kind}]").check()
            office.page.locator("[name=sheet]").set_input_files(
                {"name": "评分.xlsx", "mimeType": "application/zip", "buffer": filled_in(sheet)}
            )
            office.page.locator("[name=title]").fill("示例汇总表")
            office.page.locator("[name=document_number]").fill("示例〔2026〕1号")
            office.tap(office.button("上传并核对"))
            office.tap(office.page.get_by_role("button", name="写入"))
            assert office.taps == 4, "import regulator data"
        office.go(home)
        office.tap(office.page.locator(".next button[type=submit]"))
        assert office.reads("正在试评")
        story.work()
        office.go(home)
        office.tap(office.link("去质量审核"))
        office.page.locator("[name=note]").fill("汇总表已核对")
        office.tap(office.button("第一签"))

    with story.seat(people["adjudicator"], DESK) as second:
        second.go("/")
        second.tap(second.link("质量审核第二签"))
        for box in second.page.locator("input[name=checked]").all():
            second.press(box)
        second.tap(second.button("第二签"))
    assert Cycle.objects.get().state == "gated"

    with story.seat(people["secretary"], DESK) as office:
        office.go(home)
        office.tap(office.page.locator(".next button[type=submit]"))
        story.work()
    last = Cycle.objects.get().objections_close_on
    story.on(str(last + timedelta(days=1)))
    with story.seat(people["secretary"], DESK) as office:
        office.go(home)
        office.tap(office.page.locator(".next button[type=submit]"))
    story.on(str(Cycle.objects.get().publicity_ends_on + timedelta(days=1)))
    with story.seat(people["secretary"], DESK) as office:
        office.go(home)
        office.tap(office.page.locator(".next button[type=submit]"))
        office.tap(office.link("授牌与证书"))
        assert office.reads("示例百草堂大药房安泰路店")
    story.work()
    story.on("2027-01-05")


def _regulator_reads(story, people) -> None:
    """Risks at once, one shop's score in two taps, and nothing that would change anything."""
    with story.seat(people["regulator"], DESK) as reader:
        reader.go("/")
        assert reader.reads("风险清单")
        assert reader.taps == 0, "see open risks"
        assert reader.forms() <= LOOK_ONLY
        reader.tap(reader.page.locator("main .fig[href*='/results/']"))
        assert reader.forms() <= LOOK_ONLY
        reader.tap(reader.link(people["shop"].name))
        assert reader.taps == 2, "open one shop's score"
        assert reader.reads("为什么是这个结果")
        assert reader.forms() <= LOOK_ONLY
        assert reader.button("打印").is_visible()


def _public_scans(story, award) -> None:
    """Behind the code on the certificate: valid, why, how, larger letters, 12315."""
    anybody = story.visitor(PHONE)
    anybody.go(reverse("reports:verify", args=[award.token]))
    assert anybody.reads("证书有效")
    assert anybody.taps == 0, "verify a certificate"
    anybody.tap(anybody.link("看这家店"))
    assert anybody.reads("为什么是")
    assert anybody.page.locator("a[href='tel:12315']").is_visible()
    anybody.taps = 0
    anybody.tap(anybody.link("星级怎么评的"))
    assert anybody.taps == 1, "see how stars are given"
    anybody.go(reverse("reports:shop", args=[award.pharmacy.public_token]))
    anybody.press(anybody.page.get_by_text("大字版"))
    assert anybody.taps == 1, "switch to large letters"
    expect(anybody.page.locator("html[data-text=large]")).to_have_count(1)
    anybody.examine()
    anybody.go(reverse("reports:stars"))
    anybody.tap(anybody.link("示例百草堂大药房安泰路店"))
    assert not anybody.forms()


def test_the_owner_fills_and_hands_in_without_script(story, people):
    scheme = Cycle.objects.get().scheme
    owner = story.visitor(PHONE, script=False)
    log_in(owner, people["owner"])
    owner.tap(owner.link("开始填自评"))
    owner.tap(owner.link("开始填写"))
    for position in range(1, len(scheme.rules.sections) + 1):
        answer_part(owner, scheme)
        if position == 1:
            owner.page.locator("[name=photo-S01]").set_input_files(photo())
            owner.tap("#q-S01 .ev-send")
            assert owner.page.locator("#q-S01 .ev img").count() == 1
        owner.tap(owner.page.locator(".mbar button[type=submit]"))
    owner.press("#is_truthful")
    owner.tap(owner.button("提交自评"))
    assert owner.reads("自评已交给协会")
    paper = Assessment.objects.get(pharmacy=people["shop"])
    assert (paper.state, paper.evidence_files.count()) == ("submitted", 1)
    assert story.faults == []


def test_answers_survive_a_break_of_the_network_and_keys_alone_are_enough(story, people):
    owner = story.visitor(PHONE)
    owner.carry(settings.SESSION_COOKIE_NAME, _session(people["owner"]))
    case = Assessment.objects.get(pharmacy=people["shop"])
    owner.go(reverse("starrating:fill_part", args=[case.pk, "s1"]))
    owner.context.set_offline(True)
    owner.page.locator("[name=S03]").fill("2")
    owner.press(owner.page.locator("#q-S01 label", has=owner.page.locator("[value=符合]")))
    expect(owner.page.locator("[data-saved-text]")).to_contain_text("内容已存在本机")
    save = owner.page.locator(".mbar button[type=submit]")
    owner.press(save)  # held back, not lost
    expect(owner.page.locator("#announce")).to_have_text("没有网络，内容已存在本机")
    expect(save).to_be_enabled()
    assert Assessment.objects.get(pk=case.pk).sheet == {}
    owner.context.set_offline(False)
    expect(owner.page.locator("[data-saved-text]")).to_contain_text("已自动保存")
    sheet = Assessment.objects.get(pk=case.pk).sheet
    assert {code: sheet[code]["self"]["value"] for code in sheet} == {"S01": "符合", "S03": "2"}

    # With keys alone: arrows choose, Tab goes on, Enter saves and opens the next part.
    owner.go(reverse("starrating:fill_part", args=[case.pk, "s1"]))
    owner.page.locator("[name=S01]").first.focus()
    owner.page.keyboard.press("ArrowRight")
    assert owner.page.locator("[name=S01]:checked").get_attribute("value") != "符合"
    owner.page.keyboard.press("ArrowLeft")
    owner.page.locator("[name=S03]").focus()
    owner.page.keyboard.press("Control+A")
    owner.page.keyboard.type("0")
    with owner.page.expect_navigation():
        owner.page.keyboard.press("Enter")
    assert owner.page.url.endswith("/fill/s2/")
    sheet = Assessment.objects.get(pk=case.pk).sheet
    assert sheet["S03"]["self"]["value"] == "0"
    # A request that the break of the network stopped is a line in the console; nothing else is.
    assert [fault for fault in story.faults if "ERR_INTERNET_DISCONNECTED" not in fault] == []
