"""Seals: every line under exactly one, and every later change found and named."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from association import merkle, sealing, tasks
from association.models import AuditEvent, AuditSeal, AuditSealEntry
from tests.factories.association import AuditEventFactory, JobFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def behind_the_back(statement: str, *parameters) -> None:
    """Do what only the owner of the database can: step around the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET LOCAL session_replication_role = origin")


def sentences() -> list[str]:
    return [fault.sentence for fault in sealing.faults()]


def test_seal_next_takes_what_waits_and_ties_it_to_the_seal_before():
    AuditEventFactory.create_batch(3)
    first = sealing.seal_next(now=NOW)
    AuditEventFactory()

    second = sealing.seal_next(now=NOW)

    assert (first.number, first.count, first.previous) == (1, 3, sealing.NO_SEAL)
    assert (second.number, second.count, second.previous) == (2, 1, first.hash)
    assert sealing.seal_next(now=NOW) is None
    assert sentences() == []


def test_seal_next_stops_at_its_measure():
    AuditEventFactory.create_batch(5)

    assert [sealing.seal_next(now=NOW, most=2).count for _ in range(3)] == [2, 2, 1]


def test_a_line_committed_late_under_a_lower_number_is_in_the_next_seal():
    late, early = AuditEventFactory.create_batch(2)
    behind_the_back("DELETE FROM association_auditevent WHERE id = %s", late.pk)
    sealing.seal_next(now=NOW)
    AuditEvent.objects.bulk_create([AuditEventFactory.build(id=late.pk)])

    seal = sealing.seal_next(now=NOW)

    assert list(seal.entries.values_list("event_id", flat=True)) == [late.pk]
    assert early.pk > late.pk
    assert sentences() == []


def test_place_of_proves_a_line_without_the_others():
    events = AuditEventFactory.create_batch(5)
    seal = sealing.seal_next(now=NOW)

    place = sealing.place_of(events[3].pk)

    assert (place.seal, place.position) == (seal, 4)
    found = merkle.root_of_path(
        bytes.fromhex(place.leaf), 3, seal.count, [bytes.fromhex(step) for step in place.path]
    )
    assert found.hex() == seal.root
    assert sealing.place_of(AuditEventFactory().pk) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("act", "other.act"),
        ("actor_id", "99"),
        ("actor_label", "别人"),
        ("actor_role", "owner"),
        ("target_model", "members.Pharmacy"),
        ("target_id", "77"),
        ("target_label", "别的店"),
        ("detail", '{"a": 1}'),
        ("happened_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_a_changed_column_is_found_and_the_line_named(column, value):
    event = AuditEventFactory.create_batch(3)[1]
    sealing.seal_next(now=NOW)

    behind_the_back(
        f"UPDATE association_auditevent SET {column} = %s WHERE id = %s", value, event.pk
    )

    assert sentences() == [f"操作记录 {event.pk} 与封存时不一致。"]


def test_a_removed_line_is_found_and_named():
    event = AuditEventFactory.create_batch(3)[1]
    sealing.seal_next(now=NOW)

    behind_the_back("DELETE FROM association_auditevent WHERE id = %s", event.pk)

    assert sentences() == [f"操作记录 {event.pk} 被删除了。"]


def test_a_line_changed_together_with_its_entry_is_found_by_the_root():
    event = AuditEventFactory.create_batch(3)[1]
    sealing.seal_next(now=NOW)
    behind_the_back("UPDATE association_auditevent SET act = 'x' WHERE id = %s", event.pk)
    event.refresh_from_db()

    behind_the_back(
        "UPDATE association_auditsealentry SET leaf = %s WHERE event_id = %s",
        sealing.event_leaf(event).hex(),
        event.pk,
    )

    assert sentences() == ["第 1 号封存的目录被改动过。"]


def test_a_removed_seal_is_missed_and_breaks_the_chain():
    for _ in range(3):
        AuditEventFactory()
        sealing.seal_next(now=NOW)

    behind_the_back("DELETE FROM association_auditsealentry WHERE seal_id IN"
                    " (SELECT id FROM association_auditseal WHERE number = 2)")  # fmt: skip
    behind_the_back("DELETE FROM association_auditseal WHERE number = 2")

    assert sentences() == ["第 2 号封存不见了。", "第 3 号封存与前一号接不上。"]


def test_a_rewritten_seal_does_not_fit_its_own_hash():
    AuditEventFactory()
    sealing.seal_next(now=NOW)

    behind_the_back("UPDATE association_auditseal SET sealed_at = sealed_at - interval '1 day'")

    assert sentences() == ["第 1 号封存的校验值与它的内容不符。"]


@pytest.mark.parametrize("model", [AuditSeal, AuditSealEntry])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_refuses_to_rewrite_a_seal(model, statement):
    AuditEventFactory()
    sealing.seal_next(now=NOW)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            cursor.execute(statement.format(model._meta.db_table))


def test_the_job_seals_everything_that_waits():
    AuditEventFactory.create_batch(3)
    assert tasks.seal(JobFactory(), slot=NOW.isoformat()) == {"lines": 3}
    assert not sealing.unsealed().exists()


def test_verify_audit_says_what_holds_and_what_does_not():
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert said.getvalue() == "还没有封存过操作记录。\n"

    event = AuditEventFactory()
    seal = sealing.seal_next(now=NOW)
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert said.getvalue() == f"核对到第 1 号封存，全部一致。校验值 {seal.hash}\n"

    behind_the_back("UPDATE association_auditevent SET act = 'x' WHERE id = %s", event.pk)
    complaint = StringIO()
    with pytest.raises(CommandError, match="共 1 处"):
        call_command("verify_audit", stderr=complaint)
    assert complaint.getvalue() == f"操作记录 {event.pk} 与封存时不一致。\n"


def test_verify_audit_complains_when_nobody_seals():
    AuditEventFactory(happened_at=timezone.now() - timedelta(hours=3))

    with pytest.raises(CommandError, match="1 条操作记录过了两小时还没有封存"):
        call_command("verify_audit")


def test_the_public_page_shows_the_latest_seal(client, django_assert_num_queries):
    assert "还没有封存过" in client.get(reverse("reports:seals")).content.decode()
    for _ in range(2):
        AuditEventFactory()
        last = sealing.seal_next(now=NOW)

    with django_assert_num_queries(1):
        page = client.get(reverse("reports:seals")).content.decode()

    assert "最新：第 2 号" in page
    assert last.hash in page
