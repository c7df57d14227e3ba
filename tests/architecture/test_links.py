"""Every link and every button on a page leads somewhere for the person to whom it is shown.

A browser of each subject starts at the first page and follows what it finds, two records of a
kind; forms are sent empty. Whoever is shown a door may open it: never 403, never 404.
"""

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

from tests.architecture.knocking import Knocking
from tests.architecture.world import SUBJECTS

OF_ONE_KIND = 2
SHUT = {401, 403, 404, 405, 410}
LEAVING = {"account_logout"}
# Pages and answers that their rooms still owe; each line goes when it is no longer true.
OWED = {"/ratings/cycles/", "/activities/oblige/"}


class Doors(HTMLParser):
    """The links and forms of a page: (method, address)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "a" and named.get("href"):
            self.found.append(("GET", named["href"]))
        elif tag == "form":
            method = (named.get("method") or "get").upper()
            self.found.append((method, named.get("action") or ""))
        elif tag == "button" and named.get("formaction"):
            self.found.append(("POST", named["formaction"]))


def doors_of(page: str, address: str) -> list[tuple[str, str]]:
    """Return the doors of our own house on ``page``, without what stays on the page."""
    parser = Doors()
    parser.feed(page)
    found = []
    for method, target in parser.found:
        parts = urlsplit(urljoin(address, target))
        if not parts.scheme and not parts.netloc and not target.startswith("#"):
            found.append((method, f"{parts.path}?{parts.query}" if parts.query else parts.path))
    return found


class Paths(Knocking):
    def follow(self, subject: str) -> tuple[list[str], int]:
        """Return the shut doors that ``subject`` was shown, and how many doors were tried."""
        shut, seen, kinds, waiting = [], set(), Counter(), [("GET", "/", "")]
        while waiting:
            method, address, shown_on = waiting.pop()
            try:
                name = resolve(urlsplit(address).path).view_name
            except Resolver404:
                if not address.startswith(("/static/", "tel:", "mailto:", *OWED)):
                    shut.append(f"{address} on {shown_on} is no address of ours")
                continue
            if (
                name in LEAVING
                or address in OWED
                or (method, address) in seen
                or kinds[method, name] >= OF_ONE_KIND
            ):
                continue
            seen.add((method, address))
            kinds[method, name] += 1
            answer = self.knock(subject, method, address)
            if answer.status_code in SHUT:
                shut.append(f"{method} {address} ({name}) on {shown_on}: {answer.status_code}")
            is_page = answer.get("Content-Type", "").startswith("text/html")
            if answer.status_code == 302:
                waiting.append(("GET", answer.url, address))
            elif method == "GET" and is_page and not answer.streaming:
                doors = doors_of(answer.content.decode(), address)
                waiting += [(how, where, address) for how, where in doors]
        return shut, len(seen)


def _follow_as(subject: str):
    def test(self):
        shut, tried = self.follow(subject)
        assert not shut, "\n".join(shut)
        assert tried >= (5 if subject in {"anon", "super"} else 10)

    return test


for _subject in SUBJECTS:
    setattr(Paths, f"test_{_subject}_is_shown_open_doors_alone", _follow_as(_subject))


def test_doors_are_found_in_a_page():
    page = (
        '<a href="/a/?q=1">甲</a><a href="#main">乙</a><a href="https://x.example/">丙</a>'
        '<form method="post" action="/b/"></form><form method="post"></form>'
        '<button formaction="/c/">丁</button>'
    )
    assert doors_of(page, "/here/?of=2") == [
        ("GET", "/a/?q=1"),
        ("POST", "/b/"),
        ("POST", "/here/?of=2"),
        ("POST", "/c/"),
    ]
