"""Figure of the sealed trail: a byte changed anywhere is found."""

import random
from datetime import UTC, datetime, timedelta

from django.db import connection

from accounts.models import User
from association import audit, sealing
from association.models import AuditSealEntry
from benchmarks.databases import execute, fresh_database
from trust.background import alone
from trust.harness import Count, figure

LINES, SEALS = 1000, 10
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
TEXTS = (
    "act",
    "actor_id",
    "actor_label",
    "actor_role",
    "target_model",
    "target_id",
    "target_label",
)


@figure("flipped-audit-bytes", number="S9")
def flipped_audit_bytes() -> Count:
    """One byte of a line is changed, a thousand times: the verifier names just the changed lines.

    The changes go past the trigger, as somebody who owns the database would make them.
    """
    dice = random.Random(20261125)
    with fresh_database("trust"):
        alone()
        by = User.objects.create(username="sealed", real_name="示例")
        for number in range(LINES):
            moment = START + timedelta(seconds=number)
            audit.record("sample.done", by=by, target=by, now=moment, role="secretariat", n=number)
        while sealing.seal_next(now=START + timedelta(hours=1), most=LINES // SEALS):
            pass
        if list(sealing.faults()):
            return Count(LINES, LINES, ("没有改动就报错",))
        execute("SET session_replication_role = replica")
        missed: list[str] = []
        flips = 0
        for _ in range(LINES // SEALS):
            flipped = {pk: _flip(pk, dice) for pk in map(dice.choice, _lines_by_seal())}
            flips += len(flipped)
            named = {fault.event for fault in sealing.faults()}
            missed += [
                f"第 {pk} 条的 {column} 改了没有发现"
                for pk, (column, _) in flipped.items()
                if pk not in named
            ]
            missed += [f"第 {pk} 条没有改却报了错" for pk in named - flipped.keys()]
            for pk, (column, before) in flipped.items():
                _write(pk, column, before)
        execute("SET session_replication_role = origin")
        missed += [f"复原后仍报错：{fault.sentence}" for fault in sealing.faults()]
        return Count(flips, len(missed), tuple(missed))


def _lines_by_seal() -> list[list[int]]:
    of_seal: dict[int, list[int]] = {}
    for seal, event in AuditSealEntry.objects.values_list("seal", "event_id"):
        of_seal.setdefault(seal, []).append(event)
    return list(of_seal.values())


def _flip(pk: int, dice: random.Random) -> tuple[str, str]:
    """Change one byte of the line in one of its columns; return which and what stood there."""
    columns = [*TEXTS, "detail", "happened_at"]
    named = ", ".join(f"{column}::text" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {named} FROM association_auditevent WHERE id = %s", [pk])
        held = dict(zip(columns, cursor.fetchone(), strict=True))
    # What the house itself did names nobody, and an empty text has no byte to change.
    column = dice.choice([name for name, text in held.items() if text not in {"", "{}"}])
    before = held[column]
    if column == "detail":
        place = dice.choice([n for n, sign in enumerate(before) if sign.isalnum()])
        after = before[:place] + _other(before[place]) + before[place + 1 :]
    elif column == "happened_at":
        after = before[:18] + str((int(before[18]) + 1) % 10) + before[19:]
    else:
        place = dice.randrange(len(before))
        after = before[:place] + chr(ord(before[place]) ^ 1) + before[place + 1 :]
    _write(pk, column, after)
    return column, before


def _other(sign: str) -> str:
    """Return another sign that leaves the text of a document readable: 1 for 0, b for a."""
    if sign.isdigit():
        return str((int(sign) + 1) % 9 + 1)
    return chr(ord(sign) ^ 1) if (chr(ord(sign) ^ 1)).isalnum() else "k"


def _write(pk: int, column: str, text: str) -> None:
    kind = {"detail": "jsonb", "happened_at": "timestamptz"}.get(column, "text")
    execute(f"UPDATE association_auditevent SET {column} = %s::{kind} WHERE id = %s", [text, pk])
