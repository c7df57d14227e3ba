"""``rate``: re-rate a whole cycle, from the evidence to draft results with their basis and hash.

Ours is the product's own job, run by two workers as in the demo. The floor is one hand-written
aggregate over item rows, INSERT … SELECT, which neither explains nor freezes anything.
"""

import multiprocessing
import resource
import time
from collections.abc import Iterable, Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from association import jobs
from association.models import Job, JobState
from benchmarks import generators
from benchmarks.databases import execute, fresh_database, settle
from benchmarks.harness import Figure, benchmark, in_turns, rounded, seconds
from starrating.actions.rating import BATCH, rate_batch, request_rating
from starrating.models import Assessment, Cycle

GOAL = 3.0
WORKERS = 2
LINEAR = 12.0  # 100,000 shops may cost this many times what 10,000 cost
AGGREGATE = """
INSERT INTO bench_result
SELECT assessment_id, total,
       CASE WHEN total >= 95 THEN 5 WHEN total >= 90 THEN 4 WHEN total >= 80 THEN 3
            WHEN total >= 70 THEN 2 WHEN total >= 60 THEN 1 END
FROM (
    SELECT assessment_id, round(sum(share * weight), 2) AS total
    FROM (
        SELECT r.assessment_id, i.dimension, i.weight,
               sum(r.points) / nullif(sum(i.full_points), 0) AS share
        FROM bench_row r JOIN bench_item i ON i.id = r.item_id
        GROUP BY r.assessment_id, i.dimension, i.weight
    ) AS parts
    GROUP BY assessment_id
) AS totals
"""


def linear(figures: list[Figure]) -> Iterator[Figure]:
    """Compare the largest size with the one a tenth of it, and the statements a batch takes."""
    whole = {figure.size: figure for figure in figures if figure.job == "rate"}
    for size, figure in whole.items():
        if (tenth := whole.get(size // 10)) is not None and size >= 100_000:
            yield Figure("rate/linear", size, figure.ours, tenth.ours, LINEAR)


@benchmark("rate", sizes=(1_000, 10_000, 100_000), across=linear)
def rate(size: int) -> Iterable[Figure]:
    """Time the job and the floor in turns; count the statements of a full and a small batch."""
    with fresh_database("rate"):
        cycle = generators.cycle_of(size)
        generators.item_rows()
        execute("CREATE TABLE bench_result (assessment_id bigint, total numeric, stars int)")
        settle()
        first = seconds(lambda: by_workers(cycle))  # nothing has been rated yet
        ours, limit = in_turns(lambda: by_workers(cycle), aggregate)
        yield Figure(
            "rate", size, ours, limit, GOAL,
            peak_mb=max(PEAKS),
            more={
                "workers": WORKERS, "first_s": rounded(first),
                "shops_a_second": round(size / ours),
            },
        )  # fmt: skip
        small, full = statements(cycle, 10), statements(cycle, min(size, BATCH))
        yield Figure("rate/statements", size, full, small, 1.0, unit="statements")


def aggregate() -> None:
    execute("TRUNCATE bench_result")
    execute(AGGREGATE)


PEAKS: list[float] = []


def by_workers(cycle: Cycle) -> None:
    """Ask for the rating as the button does and let two workers drain until it is done."""
    by = cycle.created_by
    job = request_rating(Cycle.objects.get(pk=cycle.pk), by=by, now=timezone.now())
    connection.close()
    context = multiprocessing.get_context("fork")
    peaks = context.Queue()
    workers = [context.Process(target=drain, args=(job.pk, peaks)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    PEAKS.extend(peaks.get() for _ in workers)
    for worker in workers:
        worker.join()
    job.refresh_from_db()
    missing = Assessment.objects.filter(cycle=cycle, previewed_at__lt=job.created_at).count()
    if job.state != "done" or job.problems or missing:
        raise RuntimeError(f"{job.state}: {job.last_error} {job.problems[:3]} {missing} missing")


def drain(job_pk: int, peaks) -> None:
    """Work as a worker that is woken whenever there is something to do."""
    while not Job.objects.filter(pk=job_pk, state=JobState.DONE).exists():
        if not jobs.run_due()[0]:
            time.sleep(0.01)
    peaks.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    connection.close()


def statements(cycle: Cycle, count: int) -> int:
    pks = list(Assessment.objects.order_by("pk").values_list("pk", flat=True)[:count])
    with CaptureQueriesContext(connection) as captured:
        rate_batch(cycle, pks, now=timezone.now())
    return len(captured)
