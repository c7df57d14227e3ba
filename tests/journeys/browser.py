"""A person at a real browser: what they tap is counted, every page they meet is examined."""

import os
import shutil
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Locator, Page, Playwright, expect

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EXAMINE = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(
  found => found.violations.flatMap(v => v.nodes.map(n => v.id + ' ' + n.html.slice(0, 160))))"""
PATIENCE = 30_000  # milliseconds, for a machine that does other things as well
expect.set_options(timeout=PATIENCE)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CHANGING = """[...document.querySelectorAll('form')].filter(form => form.method === 'post')
  .map(form => new URL(form.action).pathname)"""


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


def launched(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


class Visitor:
    """One person with one device.

    ``taps`` counts what ui.md counts: links, buttons and boxes; typing is free. ``faults`` gathers
    what no page may have: a line in the console, a request to another host, a page wider than the
    screen, an A/AA finding of axe.
    """

    def __init__(self, browser: Browser, base: str, *, size: dict, script: bool = True) -> None:
        is_phone = size is PHONE
        self.base, self.script, self.taps = base, script, 0
        self.faults: list[str] = []
        self.pages: list[str] = []
        self.context = browser.new_context(
            viewport=size,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            is_mobile=is_phone,
            has_touch=is_phone,
            java_script_enabled=script,
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._fault(f"script: {error}"))
        self.page.on("request", self._watch)

    def _fault(self, words: str) -> None:
        self.faults.append(f"{urlsplit(self.page.url).path}: {words}")

    def _hear(self, message) -> None:
        if message.type in {"error", "warning"}:
            self._fault(f"console: {message.text[:300]}")

    def _watch(self, request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and not request.url.startswith(self.base):
            self._fault(f"asks {address.netloc}")

    def carry(self, name: str, value: str) -> None:
        """Carry a session that was begun elsewhere."""
        self.context.clear_cookies()
        self.context.add_cookies([{"name": name, "value": value, "url": self.base}])

    def go(self, path: str) -> None:
        """Arrive by an address: scanned, typed, or out of a message."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        self.taps = 0
        self.examine()

    def tap(self, target: str | Locator) -> None:
        """Tap what leads to another page, and examine that page."""
        with self.page.expect_navigation():
            self.press(target)
        self.examine()

    def press(self, target: str | Locator) -> None:
        """Tap what changes the page one is on."""
        place = self.page.locator(target) if isinstance(target, str) else target
        try:
            place.first.click()
        except Error as problem:
            raise AssertionError(f"{target} on {self.page.url}:\n{self.words}") from problem
        self.taps += 1

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name).first

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name).first

    @property
    def words(self) -> str:
        """What stands on the page."""
        return self.page.locator("body").inner_text()

    def reads(self, words: str) -> bool:
        return words in self.words

    def examine(self) -> None:
        """Hold the page to what every page must be."""
        self.pages.append(urlsplit(self.page.url).path)
        if not self.script:
            return
        if (wider := self.page.evaluate(SIDEWAYS)) > 1:
            self._fault(f"scrolls sideways by {wider} px")
        self.page.evaluate(_axe())
        for finding in self.page.evaluate(EXAMINE, RULES):
            self._fault(f"axe: {finding}")

    def forms(self) -> set[str]:
        """Return where the forms on the page that change something would send."""
        return set(self.page.evaluate(CHANGING))
