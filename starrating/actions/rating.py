"""Rating a cycle in draft, and issuing results that are frozen for good."""

import gc
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from association import audit, jobs
from association.errors import BusinessRuleError
from association.models import Job, JobState
from starrating.actions.cycle import locked
from starrating.enums import CycleState
from starrating.evidence import Filed, collect, filed
from starrating.evidence_record import (
    EvidenceError,
    evidence_json,
    evidence_texts,
    joined,
)
from starrating.models import Assessment, Cycle, Result
from starrating.said_lines import drafted
from starrating.scheme_format import canonical_json
from starrating.scoring import ENGINE_VERSION, rate

BATCH = 1000
ATTEMPTS = 3  # to rate a sheet that somebody is writing to
RATE_KIND = "starrating.rate_cycle"
OPEN_TO_RATING = (CycleState.SELF_REVIEW, CycleState.REVIEW)


class RatingClosedError(BusinessRuleError):
    """A draft rating is made while the cycle is being reviewed."""


class NothingToIssueError(BusinessRuleError):
    """The assessment has no draft rating to issue."""


@transaction.atomic
def request_rating(cycle: Cycle, *, by, now: datetime):
    """Ask the worker to rate the whole cycle anew; return the job.

    A signature that was given on older figures falls away.
    """
    cycle = locked(cycle)
    if cycle.state not in OPEN_TO_RATING:
        raise RatingClosedError("现在不能试评。已过质量审核的，要改先退回评审。")
    if cycle.gate_first_by_id is not None:
        cycle.gate_first_at = cycle.gate_first_by = None
        cycle.save(update_fields=["gate_first_at", "gate_first_by"])
    audit.record("cycle.rating_requested", by=by, target=cycle, now=now)
    return jobs.enqueue(
        RATE_KIND,
        key=f"{rating_key(cycle)}{now:%Y%m%d%H%M%S%f}",
        payload={"cycle_id": cycle.pk},
        label=f"试评 {cycle.name}",
        by=by,
        now=now,
    )


def rating_key(cycle: Cycle) -> str:
    """The beginning of the key of every job that rates this cycle."""
    return f"rate-cycle:{cycle.pk}:"


def is_being_rated(cycle: Cycle) -> bool:
    """Return whether a worker is rating the cycle, or is about to."""
    waiting = Job.objects.filter(key__startswith=rating_key(cycle))
    return waiting.filter(state__in=[JobState.WAITING, JobState.RUNNING]).exists()


def rate_batch(cycle: Cycle, pks: Sequence[int], *, now: datetime) -> list[tuple[int, str]]:
    """Write the draft rating of the assessments ``pks``; return ``(pk, reason)`` of failures.

    One query for the rows, three for their evidence, one to write: however many there are up
    to ``BATCH``. May be repeated and shared among workers: a row is simply written again. A
    sheet that was written to meanwhile is read and rated once more. Raises
    ``RatingClosedError`` when the cycle has been signed meanwhile.
    """
    failures: list[tuple[int, str]] = []
    for _attempt in range(ATTEMPTS):
        with not_collecting():
            lines, failed = _rated(cycle, filed(pks))
        lines.seek(0)
        failures += failed
        with transaction.atomic(), connection.cursor() as cursor:
            _stay_open(cursor, cycle)
            pks = _write_previews(cursor, lines, now, [pk for pk, _ in failed])
        if not pks:
            return failures
    return failures + [(pk, "试评时一直有人在改，请稍后再试评。") for pk in pks]


def _rated(cycle: Cycle, files: list[Filed]) -> tuple[io.StringIO, list[tuple[int, str]]]:
    """Return the draft ratings as lines for COPY, and ``(pk, reason)`` of those without one."""
    rules = cycle.scheme.rules
    lines, failures = io.StringIO(), []
    versions = {file.pk: file.sheet_version for file in files}
    for pk, evidence in collect(cycle, files).items():
        try:
            rating = rate(rules, evidence)
        except EvidenceError as error:
            failures.append((pk, str(error)))
            continue
        basis = evidence_texts(evidence)
        basis_hash = hashlib.sha256(joined(basis).encode()).hexdigest()
        basis.pop("items", None)
        figures = rating.figures()
        _copy_line(
            lines,
            pk,
            versions[pk],
            canonical_json(figures),
            joined(basis),
            figures["status"],
            figures["total"],
            figures["stars"],
            basis_hash,
        )
    return lines, failures


@contextmanager
def not_collecting() -> Iterator[None]:
    """Let the garbage collector rest: a batch makes a million small objects and no circle.

    It would look through all of them again and again, for half of the time a batch takes.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


@transaction.atomic
def finish_rating(cycle: Cycle, *, now: datetime) -> None:
    """Keep when the whole cycle was last rated; the pages say so."""
    Cycle.objects.filter(pk=cycle.pk).update(rated_at=now)


def _stay_open(cursor, cycle: Cycle) -> None:
    """Keep the cycle open to rating until this batch is written; workers do not wait for workers.

    Figures that two people have signed are never written over by a late batch.
    """
    cursor.execute("SELECT state FROM starrating_cycle WHERE id = %s FOR SHARE", [cycle.pk])
    if cursor.fetchone()[0] not in OPEN_TO_RATING:
        raise RatingClosedError("本周期已过质量审核，试评停止。")


def _copy_line(out: io.StringIO, *fields) -> None:
    """Write one line of COPY's text form; None is its null."""
    out.write(
        "\t".join(
            "\\N"
            if field is None
            else str(field)
            .replace("\\", "\\\\")
            .replace("\t", "\\t")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            for field in fields
        )
        + "\n"
    )


def _write_previews(cursor, lines: io.StringIO, now: datetime, failed: Iterable[int]) -> list[int]:
    """Write the draft ratings; return those whose sheet was written to since it was read.

    What the sheet says is kept beside the rating by copying it inside the database. Where the
    basis is the same as before, its text stays as it lies.
    """
    cursor.execute(
        "CREATE TEMP TABLE rated (pk bigint, version int, preview jsonb, evidence jsonb,"
        " status text, total numeric, stars smallint, hash text)"
    )
    cursor.copy_expert("COPY rated FROM STDIN", lines)
    count = cursor.rowcount
    cursor.execute(
        "UPDATE starrating_assessment AS a SET preview = r.preview,"
        " preview_said = CASE WHEN a.preview_evidence_hash = r.hash THEN a.preview_said"
        "   ELSE a.said END,"
        " preview_evidence = CASE WHEN a.preview_evidence_hash = r.hash THEN a.preview_evidence"
        "   ELSE r.evidence END,"
        " preview_status = r.status, preview_total = r.total,"
        " preview_stars = CASE WHEN r.status = 'rated' THEN r.stars END,"
        " preview_evidence_hash = r.hash, previewed_at = %s"
        " FROM rated AS r WHERE a.id = r.pk AND a.sheet_version = r.version",
        [now],
    )
    moved = [] if cursor.rowcount == count else _moved(cursor)
    cursor.execute(
        "UPDATE starrating_assessment SET preview = NULL, preview_evidence = NULL,"
        " preview_said = NULL, preview_status = '', preview_total = NULL, preview_stars = NULL,"
        " preview_evidence_hash = '', previewed_at = %s WHERE id = ANY(%s)",
        [now, list(failed)],
    )
    cursor.execute("DROP TABLE rated")
    return moved


def _moved(cursor) -> list[int]:
    cursor.execute(
        "SELECT r.pk FROM rated r JOIN starrating_assessment a ON a.id = r.pk"
        " WHERE a.sheet_version <> r.version"
    )
    return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def issue(assessment: Assessment, *, reason: str, by, now: datetime) -> Result:
    """Freeze the draft rating as the next version of the result, with its evidence.

    Asking again for the first version returns it unchanged. Raises ``NothingToIssueError``.
    """
    rows = Assessment.objects.select_related("cycle__scheme", "pharmacy")
    assessment = rows.select_for_update(of=("self",)).get(pk=assessment.pk)
    if assessment.preview_evidence is None:
        raise NothingToIssueError(f"{assessment.pharmacy}还没有试评结果，不能签发。")
    latest = assessment.results.aggregate(top=Max("version"))["top"] or 0
    if latest:
        newest = assessment.results.get(version=latest)
        if newest.evidence_hash == assessment.preview_evidence_hash:
            return newest
    rules = assessment.cycle.scheme.rules
    evidence = drafted(rules, assessment.preview_said, assessment.preview_evidence)
    rating = rate(rules, evidence)
    tree = json.loads(canonical_json(rating.as_dict()))
    result = Result.objects.create(
        assessment=assessment,
        version=latest + 1,
        status=tree["status"],
        stars=tree["stars"] if tree["status"] == "rated" else None,
        total=tree["total"],
        base=tree["base"],
        bonus=tree["bonus"],
        tree=tree,
        evidence=json.loads(evidence_json(evidence)),
        evidence_hash=assessment.preview_evidence_hash,
        scheme_hash=rules.hash,
        engine_version=ENGINE_VERSION,
        reason=reason,
        issued_at=now,
        issued_by=by,
    )
    audit.record(
        "result.issued", by=by, target=result, now=now, status=result.status, stars=result.stars
    )
    return result
