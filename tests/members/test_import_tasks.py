"""What the worker does with sheets; every handler may run twice, or be killed."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from association import jobs
from association.models import Job, JobState
from members import actions, sheets
from members.actions import imports
from members.enums import ImportState
from members.models import ImportBatch, ImportLine, ImportVerdict, Pharmacy
from tests.factories.accounts import UserFactory
from tests.factories.members import ImportBatchFactory, checked, committed

pytestmark = pytest.mark.django_db

DATA = Path(__file__).resolve().parent.parent / "data/pharmacies"
ROWS = (("店名", "许可证号"), ("一店", "示例DA1"), ("二店", "示例DA2"))


@pytest.fixture
def clerk():
    return UserFactory(real_name="李某")


def run_all() -> None:
    jobs.run_due()


def asked_to_commit(by, *rows) -> ImportBatch:
    batch = checked(*(rows or ROWS))
    imports.ask_for_commit(batch, digest=batch.digest, by=by, now=timezone.now())
    return batch


def test_the_worker_reads_and_compares_a_sheet_that_is_known(clerk):
    content = (DATA / "cn_guangzhou_mask_pharmacies_2020.csv").read_bytes()
    now = timezone.now()
    for _ in range(2):
        file = SimpleUploadedFile("名册.csv", content)
        batch = imports.upload(file, sheets.kind_named("shops"), by=clerk, now=now)
        imports.ask_for_reading(batch, by=clerk, now=now)
        run_all()
        batch.refresh_from_db()
        if batch.state == ImportState.MAPPING:
            imports.map_columns(batch, batch.mapping, source=batch.source, now=now)
            imports.ask_for_check(batch, by=clerk, now=now)
            run_all()

    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert batch.counts["new"] == 166
    assert {job.state for job in Job.objects.filter(kind__startswith="members.")} == {JobState.DONE}


def test_the_worker_writes_what_was_confirmed(clerk):
    batch = asked_to_commit(clerk)

    run_all()

    batch.refresh_from_db()
    job = batch.job
    assert (batch.state, batch.committed_by) == (ImportState.COMMITTED, clerk)
    assert (job.state, job.done_count, job.total_count) == (JobState.DONE, 2, 2)
    assert job.result == {"summary": "新增 2 家药店，更改 0 家药店。"}
    assert job.result_url == f"/members/import/{batch.pk}/"


def test_a_worker_killed_before_the_commit_leaves_nothing_and_the_next_one_does_it(clerk):
    batch = asked_to_commit(clerk)
    killed = jobs.claim(timezone.now())
    assert killed.kind == "members.commit_import"
    assert not Pharmacy.objects.exists()

    jobs.run_due(clock=lambda: timezone.now() + jobs.LEASE + timedelta(seconds=1))

    batch.refresh_from_db()
    assert batch.state == ImportState.COMMITTED
    assert Pharmacy.objects.count() == 2
    assert Job.objects.get(pk=killed.pk).attempts == 2


def test_a_worker_killed_after_the_commit_writes_nothing_twice(clerk):
    batch = asked_to_commit(clerk)
    jobs.claim(timezone.now())
    imports.commit(batch, digest=batch.digest, by=clerk, now=timezone.now())

    jobs.run_due(clock=lambda: timezone.now() + jobs.LEASE + timedelta(seconds=1))

    batch.refresh_from_db()
    assert batch.job.state == JobState.DONE
    assert Pharmacy.objects.count() == 2


def test_a_register_that_moved_on_is_compared_again_and_said_so(clerk):
    batch = asked_to_commit(clerk)
    now = timezone.now()
    unit = actions.add_unit(name="别的公司", by=clerk, now=now)
    actions.add_pharmacy(unit, name="新来的店", licence_number="示例DA1", by=clerk, now=now)

    run_all()

    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert batch.counts == {"new": 1, "changed": 1, "same": 0, "error": 0}
    assert batch.job.state == JobState.FAILED
    assert batch.job.last_error.startswith("核对之后名册又有变动")


def test_a_sheet_given_up_meanwhile_is_not_written(clerk):
    batch = asked_to_commit(clerk)
    imports.discard(batch, by=clerk, now=timezone.now())

    run_all()

    assert not Pharmacy.objects.exists()
    assert Job.objects.get(kind="members.commit_import").state == JobState.FAILED


def test_a_job_cancelled_before_its_turn_writes_nothing(clerk):
    batch = asked_to_commit(clerk)
    batch.refresh_from_db()
    jobs.cancel(batch.job, by=clerk, now=timezone.now())

    run_all()

    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert not Pharmacy.objects.exists()


def test_the_worker_takes_a_large_batch_back(clerk):
    batch = committed(*ROWS)
    imports.ask_for_undo(batch, by=clerk, now=timezone.now())

    run_all()

    batch.refresh_from_db()
    assert (batch.state, batch.undone_by) == (ImportState.UNDONE, clerk)
    assert batch.job.result == {"summary": "收回 2 家药店，恢复 0 家药店。"}


def test_a_file_that_cannot_be_read_ends_the_job_with_its_sentence(clerk):
    file = SimpleUploadedFile("名册.xlsx", b"PK\x03\x04 broken")
    now = timezone.now()
    batch = imports.upload(file, sheets.kind_named("shops"), by=clerk, now=now)
    imports.ask_for_reading(batch, by=clerk, now=now)

    run_all()

    batch.refresh_from_db()
    assert batch.state == ImportState.UNREADABLE
    assert batch.job.state == JobState.DONE
    assert batch.job.result["summary"] == batch.refusal


def test_forgotten_sheets_expire_and_old_lines_go():
    now = timezone.now()
    old = now - timedelta(days=8)
    forgotten = checked(*ROWS, uploaded_at=old)
    waiting = checked(*ROWS)
    recent = committed(*ROWS, now=now - timedelta(days=29))
    done_long_ago = committed(("店名",), ("三店",), now=now - timedelta(days=31))

    job = Job(kind="members.expire_imports")
    counts = jobs.HANDLERS["members.expire_imports"].run(job, slot=now.isoformat())

    states = dict(ImportBatch.objects.values_list("pk", "state"))
    assert counts == {"expired": 1, "cleared": 1}
    assert states[forgotten.pk] == ImportState.EXPIRED
    assert states[waiting.pk] == ImportState.CHECKED
    kept = set(ImportLine.objects.values_list("batch", flat=True))
    assert kept == {waiting.pk, recent.pk}
    assert done_long_ago.pk not in set(ImportVerdict.objects.values_list("batch", flat=True))
    again = jobs.HANDLERS["members.expire_imports"].run(job, slot=now.isoformat())
    assert again == {"expired": 0, "cleared": 0}


def test_a_batch_that_was_never_read_expires_too():
    batch = ImportBatchFactory(uploaded_at=timezone.now() - timedelta(days=8))

    job = Job(kind="members.expire_imports")
    jobs.HANDLERS["members.expire_imports"].run(job, slot=timezone.now().isoformat())

    batch.refresh_from_db()
    assert batch.state == ImportState.EXPIRED
