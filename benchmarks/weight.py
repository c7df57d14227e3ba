"""``weight``: what the first view of a page brings over the wire, in a real browser.

Counted as a proxy with gzip delivers it: each body that is text compressed, each picture as it
is. Any request to another host is a miss, whatever it weighs.
"""

import gzip
import io
import os
import shutil
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Browser, Response, sync_playwright

from accounts.models import User
from association import sample
from benchmarks import generators
from benchmarks.databases import fresh_database
from benchmarks.harness import Figure, benchmark
from benchmarks.web import portal, signed_in
from members.models import Pharmacy
from starrating.enums import CycleState
from starrating.models import Assessment

OWNER_FORM_KB, PUBLIC_PAGE_KB = 40, 25
PHONE = {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml")


@benchmark("weight", sizes=(24,))
def weight(size: int) -> Iterable[Figure]:
    """Open the owner's form and a shop's public page of a demo with ``size`` shops."""
    with fresh_database("weight"):
        call_command("seed_demo", shops=size, stdout=io.StringIO())
        owner = User.objects.get(username=sample.LOGINS["owner"].login)
        assessment = form_of(owner)
        section = assessment.cycle.scheme.rules.sections[0].code
        pages = (
            ("weight/owner-form", OWNER_FORM_KB, signed_in(owner),
             f"/ratings/{assessment.pk}/fill/{section}/"),
            ("weight/public-page", PUBLIC_PAGE_KB, None, f"/s/{assessment.pharmacy.public_token}/"),
        )  # fmt: skip
        with portal(workers=1) as port:
            for name, limit, session, path in pages:
                kilobytes, foreign, parts = in_a_browser(f"http://127.0.0.1:{port}", path, session)
                yield Figure(name, size, kilobytes, limit, 1.0, unit="kb", more={"parts": parts})
                yield Figure(f"{name}/other-hosts", size, foreign, 1, 0.0, unit="requests")


def form_of(owner: User) -> Assessment:
    """Return an open self-assessment of the demo's owner; the demo may tell of none just now."""
    own = Assessment.objects.filter(pharmacy__in=Pharmacy.objects.held_by(owner), state="open")
    found = own.filter(cycle__state=CycleState.SELF_REVIEW).first()
    if found is not None:
        return found
    cycle = generators.cycle_by(owner, state=CycleState.SELF_REVIEW)
    shop = Pharmacy.objects.held_by(owner).order_by("pk")[0]
    return Assessment.objects.create(cycle=cycle, pharmacy=shop, opened_at=generators.NOW)


def in_a_browser(base: str, path: str, session: str | None) -> tuple[float, int, dict]:
    """Open the page on a phone with nothing cached; return KB, requests elsewhere, KB by file."""
    answers: list[Response] = []
    with sync_playwright() as playwright:
        browser = launched(playwright)
        context = browser.new_context(viewport=PHONE)
        if session:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}
            context.add_cookies([cookie])
        page = context.new_page()
        page.on("response", lambda answer: answers.append(answer))
        first = page.goto(base + path, wait_until="networkidle")
        if first is None or first.status != 200:
            raise RuntimeError(f"{path}: {first and first.status}")
        sizes = {answer.url: wire_size(answer) for answer in answers}
        browser.close()
    foreign = [url for url in sizes if urlsplit(url).netloc != urlsplit(base).netloc]
    parts = {urlsplit(url).path: round(size / 1024, 1) for url, size in sizes.items()}
    return sum(sizes.values()) / 1024, len(foreign), parts


def launched(playwright) -> Browser:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return playwright.chromium.launch(executable_path=chromium, args=FLAGS)


def wire_size(answer: Response) -> int:
    body = answer.body()
    is_text = answer.headers.get("content-type", "").startswith(TEXT)
    return len(gzip.compress(body, 6)) if is_text else len(body)
