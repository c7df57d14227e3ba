"""Sealing the audit trail (封存): batches of lines under one root, each seal naming the one before.

No line of the trail carries a hash and nothing is hashed while people act: a job comes by later
and takes what is not sealed yet, whatever its number, so that a line committed late under a lower
number is simply in the next batch. Whoever has noted one seal hash can prove later that nothing
before it was changed, added or taken away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from association import merkle
from association.canonical_json import canonical_json, sha256_hex
from association.models import AuditEvent, AuditSeal, AuditSealEntry

BATCH = 5000
LOCK = 0x5EA1  # one sealer at a time, whoever it is
# Sealing comes by every ten minutes; a line that waits much longer means that nobody seals.
LATE_AFTER = timedelta(hours=2)
NO_SEAL = "0" * 64  # what the first seal names as the one before


@dataclass(frozen=True)
class Fault:
    """Something that no longer is as it was sealed: which seal, which line if known, and how."""

    seal: int
    event: int | None
    sentence: str


@dataclass(frozen=True)
class Place:
    """Where a line lies: seal number, place in it (from 1), and the path that proves it."""

    seal: AuditSeal
    position: int
    leaf: str
    path: tuple[str, ...]


def event_leaf(event: AuditEvent) -> bytes:
    """Return the leaf of one line: every column of it in canonical spelling."""
    return merkle.leaf(
        canonical_json(
            {
                "id": event.pk,
                "act": event.act,
                "actor_id": event.actor_id,
                "actor_label": event.actor_label,
                "actor_role": event.actor_role,
                "target_model": event.target_model,
                "target_id": event.target_id,
                "target_label": event.target_label,
                "detail": event.detail,
                "happened_at": event.happened_at.astimezone(UTC).isoformat(),
            }
        )
    )


def seal_hash(*, number: int, count: int, root: str, previous: str, sealed_at: datetime) -> str:
    """Return the SHA-256 that stands for a seal and, through ``previous``, for all before it."""
    return sha256_hex(
        {
            "number": number,
            "count": count,
            "root": root,
            "previous": previous,
            "sealed_at": sealed_at.astimezone(UTC).isoformat(),
        }
    )


def unsealed():
    """The lines that lie under no seal yet."""
    sealed = AuditSealEntry.objects.filter(event_id=OuterRef("pk"))
    return AuditEvent.objects.exclude(Exists(sealed))


@transaction.atomic
def seal_next(*, now: datetime, most: int = BATCH) -> AuditSeal | None:
    """Seal up to ``most`` of the lines that wait; ``None`` when there are none.

    Two sealers at once queue up: the second finds what the first has left.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    events = list(unsealed().order_by("pk")[:most])
    if not events:
        return None
    last = AuditSeal.objects.order_by("-number").first()
    leaves = [event_leaf(event) for event in events]
    head = {
        "number": last.number + 1 if last else 1,
        "count": len(events),
        "root": merkle.root(leaves).hex(),
        "previous": last.hash if last else NO_SEAL,
        "sealed_at": now,
    }
    seal = AuditSeal.objects.create(**head, hash=seal_hash(**head))
    AuditSealEntry.objects.bulk_create(
        (
            AuditSealEntry(seal=seal, position=position, event_id=event.pk, leaf=leaf.hex())
            for position, (event, leaf) in enumerate(zip(events, leaves, strict=True), start=1)
        ),
        batch_size=BATCH,
    )
    return seal


def place_of(event_id: int) -> Place | None:
    """Return where a line lies with the path to its root; ``None`` while it is not sealed."""
    entry = AuditSealEntry.objects.select_related("seal").filter(event_id=event_id).first()
    if entry is None:
        return None
    rows = entry.seal.entries.order_by("position").values_list("leaf", flat=True)
    leaves = [bytes.fromhex(leaf) for leaf in rows]
    path = merkle.path(leaves, entry.position - 1)
    return Place(entry.seal, entry.position, entry.leaf, tuple(step.hex() for step in path))


def faults() -> Iterator[Fault]:
    """Recompute every seal from the lines themselves and yield all that does not agree."""
    previous, expected = NO_SEAL, 1
    for seal in AuditSeal.objects.order_by("number").iterator(chunk_size=200):
        if seal.number != expected:
            yield Fault(expected, None, f"第 {expected} 号封存不见了。")
        if seal.previous != previous:
            yield Fault(seal.number, None, f"第 {seal.number} 号封存与前一号接不上。")
        yield from _faults_of(seal)
        previous, expected = seal.hash, seal.number + 1


def late_count(*, now: datetime) -> int:
    """Count the lines that should have been sealed long ago."""
    return unsealed().filter(happened_at__lt=now - LATE_AFTER).count()


def _faults_of(seal: AuditSeal) -> Iterator[Fault]:
    number = seal.number
    own = seal_hash(
        number=number,
        count=seal.count,
        root=seal.root,
        previous=seal.previous,
        sealed_at=seal.sealed_at,
    )
    if own != seal.hash:
        yield Fault(number, None, f"第 {number} 号封存的校验值与它的内容不符。")
    entries = list(seal.entries.order_by("position"))
    if [entry.position for entry in entries] != list(range(1, seal.count + 1)):
        yield Fault(number, None, f"第 {number} 号封存的目录不完整。")
    try:
        holds = bool(entries) and merkle.root([bytes.fromhex(e.leaf) for e in entries]).hex() == (
            seal.root
        )
    except ValueError:
        holds = False
    if not holds:
        yield Fault(number, None, f"第 {number} 号封存的目录被改动过。")
    events = AuditEvent.objects.in_bulk([entry.event_id for entry in entries])
    for entry in entries:
        event = events.get(entry.event_id)
        if event is None:
            yield Fault(number, entry.event_id, f"操作记录 {entry.event_id} 被删除了。")
        elif event_leaf(event).hex() != entry.leaf:
            yield Fault(number, entry.event_id, f"操作记录 {entry.event_id} 与封存时不一致。")
