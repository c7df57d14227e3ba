"""``certificates``: one PDF a shop, against a bare WeasyPrint loop over the same HTML.

The bare loop shares one font configuration, as anybody would who has read the manual; it draws
no QR code and fills no template.
"""

import multiprocessing
import resource
from collections.abc import Iterable

from django.db import connection
from django.template.loader import render_to_string
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from association.pdf import StaticFetcher
from benchmarks import generators
from benchmarks.databases import fresh_database
from benchmarks.harness import Figure, benchmark, in_turns
from starrating import documents
from starrating.models import Award

GOAL = 1.15
WORKERS = 2
SCALING = 1.7  # two workers do at least this many times the work of one
KB_A_FILE = 40


@benchmark("certificates", sizes=(90, 900))
def certificates(size: int) -> Iterable[Figure]:
    """Print ``size`` certificates both ways in turns, then by one worker and by two."""
    with fresh_database("certificates"):
        generators.awards_of(size)
        awards = list(Award.objects.for_paper())
        pages = [html_of(award) for award in awards]
        files: list[bytes] = []

        def ours() -> None:
            files[:] = [content for _, content in documents.certificate_files(awards)]

        runs = 3 if size <= 100 else 1
        list(documents.certificate_files(awards[:3]))
        bare(pages[:3])
        took, limit = in_turns(ours, lambda: bare(pages), runs=runs)
        yield Figure(
            "certificates", size, took, limit, GOAL,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            more={"files_a_second": round(size / took, 1)},
        )  # fmt: skip
        largest = max(len(content) for content in files) / 1024
        yield Figure("certificates/largest-file", size, largest, KB_A_FILE, 1.0, unit="kb")
        connection.close()
        alone, together = in_turns(
            lambda: by_processes(awards, 1), lambda: by_processes(awards, WORKERS), runs=runs
        )
        yield Figure(
            "certificates/two-workers", size, together, alone, round(1 / SCALING, 3),
            more={"times": round(alone / together, 2)},
        )  # fmt: skip


def html_of(award: Award) -> str:
    context = {"certificates": [documents._certificate(award)]}
    context["organisation"] = {"name": context["certificates"][0]["organiser"]}
    return render_to_string("documents/certificate.html", context)


def bare(pages: list[str]) -> None:
    fonts = FontConfiguration()
    for page in pages:
        HTML(string=page, url_fetcher=StaticFetcher(), base_url="static:").write_pdf(
            font_config=fonts
        )


def by_processes(awards: list[Award], count: int) -> None:
    """Share the awards among ``count`` fresh processes, as workers share jobs."""
    context = multiprocessing.get_context("fork")
    shares = [awards[start::count] for start in range(count)]
    workers = [context.Process(target=printed, args=(share,)) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise RuntimeError(f"a worker ended with {worker.exitcode}")


def printed(awards: list[Award]) -> None:
    for _name, _content in documents.certificate_files(awards):
        pass
