"""``list``: the register over HTTP, filtered, searched and paged, against its own template."""

import re
from collections.abc import Iterable, Iterator
from random import Random
from urllib.parse import urlencode

from django.db import connection
from django.test import Client as TestClient
from django.test.utils import CaptureQueriesContext

from accounts.models import Area
from accounts.roles import Role
from benchmarks import generators
from benchmarks.databases import fresh_database, settle
from benchmarks.generators import BRANDS, PLACES, SEED, pairs
from benchmarks.harness import Figure, benchmark, percentile, rounded
from benchmarks.web import Client, collect, portal

GOALS = {"list/p50": 1.5, "list/p95": 2.0, "list/search-p50": 3.5}
GROWTH = 1.3
ROUNDS, WARM_UP = 200, 20


def growth(figures: list[Figure]) -> Iterator[Figure]:
    """The slowest pages of the largest register against those of the smallest."""
    slowest = [figure for figure in figures if figure.job == "list/p95"]
    if len(slowest) > 1:
        small, large = slowest[0], slowest[-1]
        yield Figure("list/growth-p95", large.size, large.ours, small.ours, GROWTH)
    counts = [figure for figure in figures if figure.job == "list/statements"]
    if len(counts) > 1:
        small, large = counts[0], counts[-1]
        yield Figure(
            "list/statements-growth", large.size, large.ours, small.ours, 1.0, unit="statements"
        )


@benchmark("list", sizes=(700, 10_000, 100_000), across=growth)
def shop_list(size: int) -> Iterable[Figure]:
    """Ask page, floor and search in turns, each time another page or word."""
    with fresh_database("list"):
        generators.register(size)
        secretary = generators.person(Role.SECRETARIAT)
        settle()
        yield Figure("list/statements", size, statements(secretary), 12, 1.0, unit="statements")
        with portal() as port:
            person, anybody = Client(port, secretary), Client(port)
            pages, words = some_pages(person), some_words()
            frame, bare = (f"/{kind}/members/?as={secretary.pk}" for kind in ("floor", "bare"))
            ways = {
                "page": lambda turn: person.get(pages[turn % len(pages)]),
                "search": lambda turn: person.get(f"/members/?{urlencode({'q': words[turn]})}"),
                "floor": lambda turn: person.get(frame),
                "bare": lambda turn: anybody.get(bare),
            }
            times = {name: [] for name in ways}
            for turn in range(-WARM_UP, ROUNDS):
                for name, ask in ways.items():
                    took = ask(turn % len(words))[1]
                    if turn >= 0:
                        times[name].append(took)
        p50 = {name: percentile(found, 0.5) for name, found in times.items()}
        p95 = {name: percentile(found, 0.95) for name, found in times.items()}
        yield Figure(
            "list/p50", size, p50["page"], p50["floor"], GOALS["list/p50"],
            more={"bare_ratio": rounded(p50["page"] / p50["bare"])},
        )  # fmt: skip
        yield Figure("list/p95", size, p95["page"], p95["floor"], GOALS["list/p95"])
        yield Figure(
            "list/search-p50", size, p50["search"], p50["floor"], GOALS["list/search-p50"],
            more={"p95_s": rounded(p95["search"])},
        )  # fmt: skip


def some_pages(person: Client) -> list[str]:
    """The first page, pages deep in the list, sub-districts and saved views."""
    rng = Random(SEED)
    areas = list(Area.objects.values_list("pk", flat=True))
    paths = ["/members/", "/members/?view=due", "/members/?status=paused"]
    paths += [f"/members/?area={pk}" for pk in rng.sample(areas, 3)]
    path = "/members/"
    for _ in range(6):
        after = re.search(rb'href="(\?[^"]*after=[^"]+)"', person.get(path)[0])
        if after is None:
            break
        path = "/members/" + after[1].decode().replace("&amp;", "&")
        paths.append(path)
    return paths


def some_words() -> list[str]:
    """Two and three characters of names, and initials, as people type them."""
    rng = Random(SEED + 2)
    brands, places = pairs(BRANDS), pairs(PLACES)
    words = [rng.choice(brands) for _ in range(12)] + [rng.choice(places) for _ in range(8)]
    return [*words, "大药房", "湖心1", "txsl", "bcsl", "示例DA00001"]


def statements(user) -> int:
    """Count the statements of one page, as a test does."""
    collect()
    client = TestClient()
    client.force_login(user)
    client.get("/members/", HTTP_HOST="127.0.0.1")
    with CaptureQueriesContext(connection) as captured:
        client.get("/members/", HTTP_HOST="127.0.0.1")
    return len(captured)
