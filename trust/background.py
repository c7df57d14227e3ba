"""Figures of the background work: what a bad job and a second beat do to the others.

Real processes on a real database; the clock is handed in, because leases and retries take
minutes. A child that is killed is started again at the next ping, as the supervisor does.
"""

import multiprocessing
import os
from collections import Counter
from datetime import UTC, datetime, time, timedelta

from django.db import connection
from django.utils.dateparse import parse_datetime

from association import jobs
from association.models import Job, JobState
from benchmarks.databases import execute, fresh_database
from trust.harness import Count, figure, in_processes

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
PING = timedelta(seconds=15)
PINGS = (
    160  # forty minutes: five attempts of a raising job take 1 + 2 + 4 + 8, of a killer 5 leases
)
LONGEST_WAIT = timedelta(seconds=60)
SLOTS = 200
BEATS = 2
HOURLY = "trust.hourly"


@jobs.handler("trust.raises", label="总是出错")
def raises(job, **_future) -> dict:
    raise ValueError("poison")


@jobs.handler("trust.kills", label="杀死进程")
def kills(job, **_future) -> dict:
    os._exit(9)


@jobs.handler("trust.good", label="正常")
def good(job, **_future) -> dict:
    return {}


@figure("poison-job", number="R12")
def poison_job() -> Count:
    """A job that always raises and one that kills its worker: parked, and nobody waits for them.

    Wrong: a poison that is not parked after exactly five attempts with its reason; a good job
    that is not done within a minute of being due.
    """
    with fresh_database("trust"):
        alone()
        for kind in ("trust.raises", "trust.kills"):
            jobs.enqueue(kind, key=kind, now=START)
        killed = 0
        for ping in range(PINGS):
            now = START + ping * PING
            jobs.enqueue("trust.good", key=f"good:{ping}", now=now)
            connection.close()
            killed += in_processes(drain, (now,)) != [0]
        wrong = [
            f"{job.kind}：{job.state}，{job.attempts} 次，{job.last_error!r}"
            for job in Job.objects.filter(kind__in=["trust.raises", "trust.kills"])
            if (job.state, job.attempts) != (JobState.FAILED, jobs.MAX_ATTEMPTS)
            or not job.last_error
        ]
        wrong += [
            f"{job.key}：{job.state}，{job.finished_at}"
            for job in Job.objects.filter(kind="trust.good")
            if job.finished_at is None or job.finished_at - job.not_before > LONGEST_WAIT
        ]
        if killed != jobs.MAX_ATTEMPTS:
            wrong.append(f"进程死了 {killed} 次，应为 {jobs.MAX_ATTEMPTS} 次")
        return Count(PINGS + 2, len(wrong), tuple(wrong))


@figure("two-beats", number="R14")
def two_beats() -> Count:
    """Two beats wake two workers through two hundred hours at once: each hour's job runs once."""
    with fresh_database("trust"):
        alone()
        execute("CREATE TABLE trust_run (slot timestamptz)")
        connection.close()
        together = multiprocessing.get_context("fork").Barrier(BEATS)
        codes = in_processes(beat, *[(number, together) for number in range(BEATS)])
        with connection.cursor() as cursor:
            cursor.execute("SELECT slot FROM trust_run")
            runs = Counter(slot for (slot,) in cursor.fetchall())
        slots = [START + hour * jobs.HOUR for hour in range(SLOTS)]
        wrong = [f"{slot:%m-%d %H}：{runs[slot]} 次" for slot in slots if runs[slot] != 1]
        wrong += [f"进程以 {code} 结束" for code in codes if code]
        return Count(SLOTS, len(wrong), tuple(wrong))


def alone() -> None:
    """The rooms' own periodic work stays out of the count, and nobody rings a broker."""
    jobs.discover()
    jobs.SCHEDULES.clear()
    jobs.wake = lambda: None


def drain(now: datetime) -> None:
    jobs.run_due(clock=lambda: now)
    connection.close()


def beat(number: int, together) -> None:
    """One beat with its worker: hour by hour at the same moment as the other."""
    jobs.SCHEDULES[HOURLY] = jobs.Schedule(HOURLY, jobs.HOUR, time(0, 0))
    for hour in range(SLOTS):
        now = START + hour * jobs.HOUR + number * timedelta(milliseconds=7)
        together.wait(60)
        jobs.run_due(clock=lambda now=now: now)
    connection.close()


@jobs.handler(HOURLY, label="每小时")
def hourly(job, *, slot, **_future) -> dict:
    execute("INSERT INTO trust_run VALUES (%s)", [parse_datetime(slot)])
    return {}
