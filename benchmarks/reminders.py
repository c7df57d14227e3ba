"""Reminders to many: claiming what is due and delivering it in the portal, against claiming alone.

100,000 of 500,000 deliveries are due. The floor claims them in batches, with SKIP LOCKED and a
lease, as every queue on a table has to; ours claims them and puts them into the inboxes. What
planning costs is stated beside it.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median

from django.db import connection
from django.utils import timezone

from association import jobs
from association.models import Delivery
from association.reminder_plan import Occurrence, Rule, notices, plan
from association.working_days import WorkingCalendar
from benchmarks.databases import execute, fresh_database, settle
from benchmarks.harness import RUNS, Figure, benchmark, seconds

GOAL = 2
OTHERS = 4  # for each that is due, so many wait for another day
FLOOR_BATCH = 5000
DUE = date(2026, 12, 31)

CLAIM = """
    UPDATE association_delivery SET lease_until = now() + interval '130 seconds',
           attempts = attempts + 1
     WHERE id IN (
           SELECT id FROM association_delivery
            WHERE channel = 'in_app' AND delivered_at IS NULL AND parked_at IS NULL
              AND not_before <= %s AND lease_until IS NULL
            ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED)
"""
FILL = """
    INSERT INTO association_delivery (key, message_id, recipient_id, channel, after, not_before,
                                      address, attempts, last_error)
    SELECT 'bench:' || n, %s, u.id, 'in_app', '[]', %s::timestamptz
           + CASE WHEN n %% %s = 0 THEN interval '0' ELSE interval '9 days' END, '', 0, ''
      FROM generate_series(1, %s) AS n
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place,
                   count(*) OVER () AS people FROM accounts_user) AS u
        ON u.place = n %% u.people
"""


@benchmark("reminders", sizes=(100_000,))
def reminders(size: int) -> Iterator[Figure]:
    """Deliver what is due in the portal; every row once, none twice."""
    now = timezone.now()
    with fresh_database("reminders"):
        execute(
            "INSERT INTO accounts_user (username, password, is_superuser, is_staff, is_active,"
            " first_name, last_name, email, real_name, date_joined)"
            " SELECT 'p' || n, '!', false, false, true, '', '', '', '', now()"
            " FROM generate_series(1, 5000) AS n"
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO association_message (subject, body, link, posted_at, about_model,"
                " about_id, about_label) VALUES ('题', '文', '', now(), '', '', '') RETURNING id"
            )
            (message,) = cursor.fetchone()
        execute(FILL, [message, now, OTHERS + 1, size * (OTHERS + 1)])
        settle()
        limits, times = [], []
        for _ in range(RUNS):
            _back()
            limits.append(seconds(lambda: _floor(now)))
            _back()
            times.append(seconds(lambda: jobs.deliver_due(now)))
            _check(now, size)
        planning = seconds(lambda: _planned(size))
        yield Figure(
            "reminders",
            size,
            median(times),
            median(limits),
            GOAL,
            more={"of": size * (OTHERS + 1), "planning_s": round(planning, 2)},
        )


def _floor(now) -> None:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [now, FLOOR_BATCH])
            if cursor.rowcount < FLOOR_BATCH:
                break


def _check(now, size: int) -> None:
    once = Delivery.objects.filter(delivered_at=now, attempts=1).count()
    if once != size or Delivery.objects.exclude(delivered_at=None).count() != size:
        raise RuntimeError(f"{once} were delivered once, {size} were due.")


def _back() -> None:
    execute(
        "UPDATE association_delivery SET delivered_at = NULL, lease_until = NULL, attempts = 0"
        " WHERE attempts > 0"
    )
    settle()


def _planned(size: int) -> None:
    rule = Rule("bench", "s", "all", (-7, 0), "{事项}", "{还有几天}")
    found = [
        Occurrence(str(n), f"示例事项{n}", DUE + timedelta(days=n % 9), {"all": (n,)})
        for n in range(size)
    ]
    calendar = WorkingCalendar({}, frozenset({2026, 2027}))
    told = notices(plan([rule], {"s": found}, [DUE], calendar), today=DUE)
    if not told:
        raise RuntimeError("Nothing was planned.")
