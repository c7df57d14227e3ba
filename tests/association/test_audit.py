import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from association import audit
from association.models import AppendOnlyError, AuditEvent
from tests.factories.accounts import AreaFactory, UserFactory
from tests.factories.association import AuditEventFactory

TABLE = AuditEvent._meta.db_table


@pytest.mark.django_db
def test_record_keeps_labels_that_outlive_person_and_target():
    person, area = UserFactory(real_name="示例甲"), AreaFactory(name="示例街道")

    event = audit.record("area.renamed", by=person, target=area, now=timezone.now(), old="旧名")

    area.delete()
    event.refresh_from_db()
    assert (event.actor_label, event.target_label, event.detail) == (
        "示例甲",
        "示例街道",
        {"old": "旧名"},
    )


@pytest.mark.django_db
def test_model_and_queryset_refuse_to_rewrite_history():
    event = AuditEventFactory()

    with pytest.raises(AppendOnlyError):
        event.save()
    with pytest.raises(AppendOnlyError):
        event.delete()
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.update(act="other")
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.all().delete()


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET act = 'other'",
        f"DELETE FROM {TABLE}",
        f"TRUNCATE {TABLE}",
    ],
)
@pytest.mark.django_db
def test_the_database_refuses_raw_sql_that_rewrites_history(statement):
    AuditEventFactory()

    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_transactional_tests_may_empty_the_trail():
    AuditEventFactory()

    assert AuditEvent.objects.count() == 1
