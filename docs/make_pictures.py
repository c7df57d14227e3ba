"""Take the pictures of the READMEs from a running demo.

    ./portal demo --port 8000 --data /tmp/pictures     (in another window)
    .venv/bin/python docs/make_pictures.py http://127.0.0.1:8000 /tmp/pictures/logins.json

Each picture is taken as the role that sees the page, made small by a palette of 64 colours.
"""

import argparse
import io
import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
COLOURS = 64
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of the READMEs.")
    parser.add_argument("base", help="address of the running demo")
    parser.add_argument("logins", type=Path, help="logins.json in the demo's data folder")
    given = parser.parse_args()
    logins = json.loads(given.logins.read_text(encoding="utf-8"))
    PICTURES.mkdir(exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        desk = signed_in(browser, given.base, logins["secretariat"], DESK)
        keep(desk, "workbench")
        follow(desk, r"/ratings/cycles/\d+/review/\?view=todo", start="/")
        desk.locator("table.tb tbody a").first.click()
        desk.locator("#case .aside-head").wait_for()
        desk.wait_for_load_state("networkidle")
        keep(desk, "review")
        owner = signed_in(browser, given.base, logins["owner"], PHONE)
        follow(owner, r"/ratings/\d+/fill/", start="/")
        follow(owner, r"/ratings/\d+/fill/\w+/")
        keep(owner, "owner-form")
        anybody = browser.new_context(viewport=PHONE, device_scale_factor=2).new_page()
        anybody.goto(urljoin(given.base, "/stars/"))
        follow(anybody, r"/s/[\w-]+/")
        keep(anybody, "public-page")
        browser.close()


def signed_in(browser: Browser, base: str, who: dict, viewport: dict) -> Page:
    scale = 1 if viewport is DESK else 2
    page = browser.new_context(viewport=viewport, device_scale_factor=scale).new_page()
    page.goto(urljoin(base, "/accounts/login/"))
    page.fill("input[name=login]", who["login"])
    page.fill("input[name=password]", who["password"])
    page.click("form button[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


def go(page: Page, path: str) -> None:
    page.goto(urljoin(page.url, path), wait_until="networkidle")


def follow(page: Page, pattern: str, *, start: str = "") -> None:
    """Open the first link on the page whose path is ``pattern``."""
    if start:
        go(page, start)
    links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    found = next((link for link in links if re.fullmatch(pattern, link)), None)
    if found is None:
        raise SystemExit(f"No link like {pattern} on {page.url}")
    go(page, found)


def keep(page: Page, name: str) -> None:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
