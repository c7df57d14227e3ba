"""The life of a sheet: uploaded, read, compared, written once, given up, forgotten."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction

from association.models import AuditEvent, Delivery, Job, JobState, StoredFile
from association.sheet_guard import UnreadableSheetError
from association.workflow import ForbiddenMoveError
from members import actions, sheets
from members.actions import imports
from members.enums import ImportState
from members.models import (
    ImportBatch,
    ImportLine,
    ImportRow,
    ImportText,
    ImportVerdict,
    MemberUnit,
    Pharmacy,
)
from tests.factories.accounts import UserFactory
from tests.factories.members import ImportBatchFactory, checked, committed, staged

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DATA = Path(__file__).resolve().parent.parent / "data/pharmacies"
ROWS = (("店名", "地址", "许可证号"), ("一店", "示例路1号", "示例DA1"), ("二店", "示例路2号", ""))


@pytest.fixture
def clerk():
    return UserFactory(real_name="李某")


def uploaded(name: str, content: bytes, by, kind="shops") -> ImportBatch:
    file = SimpleUploadedFile(name, content)
    return imports.upload(file, sheets.kind_named(kind), by=by, now=NOW)


def through(name: str, by) -> ImportBatch:
    """Upload a real list, read it in the child process, compare it by the guessed columns."""
    batch = imports.read(uploaded(name, (DATA / name).read_bytes(), by))
    batch = imports.map_columns(batch, batch.mapping, source=batch.source, now=NOW)
    return imports.check(batch, now=NOW)


def written(batch: ImportBatch, by) -> ImportBatch:
    return imports.commit(batch, digest=batch.digest, by=by, now=NOW)


# ------------------------------------------------------------------ real lists


def test_166_real_shops_go_in_unchanged_and_again_as_no_change(clerk):
    batch = through("cn_guangzhou_mask_pharmacies_2020.csv", clerk)
    assert batch.counts == {"new": 166, "changed": 0, "same": 0, "error": 0}
    assert len(batch.remarks["unknown_areas"]) == 12
    written(batch, clerk)

    again = through("cn_guangzhou_mask_pharmacies_2020.csv", clerk)
    other_encoding = through("cn_guangzhou_gb18030_crlf_nobom.csv", clerk)

    nothing = {"new": 0, "changed": 0, "same": 166, "error": 0}
    assert again.counts == nothing
    assert other_encoding.counts == nothing
    assert other_encoding.about["encoding"] == "gb18030"
    shop = Pharmacy.objects.get(source_id="A00008")
    assert shop.address == "广州市南沙区环市大道西海宁一街1、3、5、7号107铺、108铺"
    assert shop.phone == "020-81633852"
    assert Pharmacy.objects.filter(phone="").count() == 29


def test_6292_shops_of_another_province_go_in_unchanged(clerk):
    batch = through("tw_nhi_pharmacies_2020.csv", clerk)
    assert batch.counts == {"new": 6292, "changed": 0, "same": 0, "error": 0}
    written(batch, clerk)

    shop = Pharmacy.objects.get(source_id="5934100030")
    assert (shop.name, shop.phone) == ("三星健保藥局", "03-9895816")
    assert shop.address == "宜蘭縣三星鄉三星路5段51號"
    assert Pharmacy.objects.count() == 6292
    assert Pharmacy.objects.filter(source_id__startswith="59").count() == 6292
    # A name that several shops share is one company of that name, until the office knows better.
    assert MemberUnit.objects.count() == 5153


# ------------------------------------------------------------------ up to the mapping


def test_an_upload_is_kept_and_recorded(clerk):
    batch = uploaded("名册.csv", "店名\n一店\n".encode(), clerk)

    assert (batch.state, str(batch)) == (ImportState.READING, "名册.csv")
    assert batch.file.content_type == "text/csv"
    event = AuditEvent.objects.get(act="import.uploaded")
    assert (event.actor_label, event.target_label) == ("李某", "名册.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.7 x", "这是PDF 文件"),
        (b"\x89PNG\r\n\x1a\n....", "这是图片"),
        (b"<html><table></table></html>", "改名为表格的网页文件"),
    ],
    ids=["empty", "pdf", "picture", "web page"],
)
def test_what_is_plainly_no_sheet_is_refused_and_not_kept(clerk, content, words):
    with pytest.raises(UnreadableSheetError, match=words):
        uploaded("名册.xlsx", content, clerk)

    assert not StoredFile.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_file_that_cannot_be_read_leaves_its_reason_on_the_batch(clerk):
    batch = imports.read(uploaded("名册.xlsx", b"PK\x03\x04 broken", clerk))

    assert batch.state == ImportState.UNREADABLE
    assert batch.refusal.startswith("文件不完整或已损坏")
    with pytest.raises(ForbiddenMoveError):
        imports.read(batch)


def test_lines_are_staged_as_they_stand(clerk):
    batch = staged(("店名", "地址"), ("一店\\n", "示例路1号"))

    lines = ImportLine.objects.filter(batch=batch).order_by("number")
    assert [line.cells for line in lines] == ["店名\x1f地址", "一店\\n\x1f示例路1号"]


def test_a_backslash_and_a_quote_reach_the_register_as_they_are():
    committed(("店名", "地址"), ("一\\t店'\"", "示例\\路\\\\1号"))

    shop = Pharmacy.objects.get()
    assert (shop.name, shop.address) == ("一\\t店'\"", "示例\\路\\\\1号")


def test_columns_can_be_changed_after_the_comparison():
    batch = checked(*ROWS)

    batch = imports.map_columns(imports.remap(batch), {"name": [0]}, source="", now=NOW)
    batch = imports.check(batch, now=NOW)

    assert batch.counts["new"] == 2
    assert ImportRow.objects.filter(batch=batch).count() == 2


# ------------------------------------------------------------------ written


def test_a_commit_writes_records_and_tells(clerk):
    batch = committed(*ROWS, by=clerk, now=NOW)

    assert (batch.state, batch.committed_by, batch.committed_at) == (
        ImportState.COMMITTED,
        clerk,
        NOW,
    )
    event = AuditEvent.objects.get(act="import.committed")
    assert event.detail == {"units": 2, "codes": 0, "new": 2, "tenures": 2, "changed": 0}
    message = Delivery.objects.get(recipient=clerk).message
    assert message.subject == "“示例名册.csv”已写入药店名册"
    assert message.body == "新增 2 家药店，更改 0 家药店。"
    assert message.link == f"/members/import/{batch.pk}/"


def test_a_second_commit_is_refused_by_name(clerk):
    batch = checked(*ROWS)
    stale = ImportBatch.objects.get(pk=batch.pk)
    written(batch, clerk)

    with pytest.raises(imports.AlreadyWrittenError, match="已由李某写入"):
        written(stale, UserFactory())

    assert Pharmacy.objects.count() == 2


def test_a_register_that_moved_on_is_not_overwritten(clerk):
    batch = checked(*ROWS)
    unit = actions.add_unit(name="别的公司", by=clerk, now=NOW)
    actions.add_pharmacy(unit, name="新来的店", licence_number="示例DA1", by=clerk, now=NOW)

    with pytest.raises(imports.RegisterMovedError):
        written(batch, clerk)

    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert Pharmacy.objects.count() == 1
    batch = imports.check_again(batch, now=NOW)
    assert batch.counts == {"new": 1, "changed": 1, "same": 0, "error": 0}


def test_two_sheets_with_the_same_shop_go_in_one_after_the_other(clerk):
    first, second = checked(*ROWS), checked(*ROWS)
    written(first, clerk)

    with pytest.raises(imports.RegisterMovedError):
        written(second, clerk)

    assert imports.check_again(second, now=NOW).counts["same"] == 2


def test_a_page_that_shows_an_older_comparison_confirms_nothing(clerk):
    batch = checked(*ROWS)

    with pytest.raises(imports.RegisterMovedError):
        imports.commit(batch, digest="1:2", by=clerk, now=NOW)

    assert not Pharmacy.objects.exists()


def test_an_unrelated_change_of_the_register_is_no_hindrance(clerk):
    batch = checked(*ROWS)
    unit = actions.add_unit(name="不相干的公司", by=clerk, now=NOW)
    actions.add_pharmacy(unit, name="不相干的店", by=clerk, now=NOW)

    assert written(batch, clerk).state == ImportState.COMMITTED


def test_all_is_written_or_nothing(clerk, monkeypatch):
    batch = checked(*ROWS)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'power cut'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER break_off BEFORE INSERT ON members_tenure"
            " FOR EACH ROW EXECUTE FUNCTION break_off()"
        )

    with pytest.raises(DatabaseError, match="power cut"), transaction.atomic():
        written(batch, clerk)

    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert not Pharmacy.objects.exists()
    assert not MemberUnit.objects.exists()
    assert not AuditEvent.objects.filter(act="import.committed").exists()


def test_good_rows_are_written_and_wrong_ones_are_not(clerk):
    batch = committed(
        ("店名", "有效期至"), ("一店", "2028-01-01"), ("二店", "2028-13-01"), by=clerk
    )

    assert [shop.name for shop in Pharmacy.objects.all()] == ["一店"]
    assert imports.written_words(batch) == (
        "新增 1 家药店，更改 0 家药店；有误的 1 行没有写入，可下载改正后再传。"
    )


def test_nothing_new_is_nothing_to_write(clerk):
    batch = checked(("店名", "有效期至"), ("二店", "2028-13-01"))

    with pytest.raises(imports.NothingToWriteError):
        written(batch, clerk)


# ------------------------------------------------------------------ handed to the worker


def test_asking_twice_is_one_job_for_both(clerk):
    batch = checked(*ROWS)

    imports.ask_for_commit(batch, digest=batch.digest, by=clerk, now=NOW)
    imports.ask_for_commit(batch, digest=batch.digest, by=UserFactory(), now=NOW)

    job = Job.objects.get(kind="members.commit_import")
    batch.refresh_from_db()
    assert batch.job == job
    assert job.created_by == clerk


def test_a_job_that_was_cancelled_can_be_asked_for_again(clerk):
    batch = checked(*ROWS)
    imports.ask_for_commit(batch, digest=batch.digest, by=clerk, now=NOW)
    Job.objects.update(state=JobState.CANCELLED, finished_at=NOW)

    imports.ask_for_commit(batch, digest=batch.digest, by=clerk, now=NOW)

    assert Job.objects.get().state == JobState.WAITING


# ------------------------------------------------------------------ taken back, given up


def test_an_undo_is_recorded_and_done_once(clerk):
    batch = committed(*ROWS)

    batch = imports.undo(batch, by=clerk, now=NOW)

    assert (batch.state, batch.undone_by) == (ImportState.UNDONE, clerk)
    assert AuditEvent.objects.get(act="import.undone").detail["new"] == 2
    assert imports.undone_words(batch) == "收回 2 家药店，恢复 0 家药店。"
    with pytest.raises(ForbiddenMoveError):
        imports.undo(batch, by=clerk, now=NOW)


@pytest.mark.parametrize("is_cleared", [True, False], ids=["lines are gone", "too late"])
def test_an_undo_after_thirty_days_is_refused(clerk, is_cleared):
    batch = committed(*ROWS, now=NOW)
    later = NOW + timedelta(days=1 if is_cleared else 31)
    if is_cleared:
        imports.clear(batch, now=NOW)

    with pytest.raises(imports.TooLateError, match="超过 30 天"):
        imports.undo(batch, by=clerk, now=later)

    assert Pharmacy.objects.count() == 2


def test_a_sheet_given_up_leaves_no_lines_and_keeps_its_file(clerk):
    batch = checked(*ROWS)

    batch = imports.discard(batch, by=clerk, now=NOW)

    assert batch.state == ImportState.DISCARDED
    for model in (ImportLine, ImportText, ImportRow, ImportVerdict):
        assert not model.objects.filter(batch=batch).exists()
    assert StoredFile.objects.filter(pk=batch.file_id, erased_at=None).exists()
    assert AuditEvent.objects.filter(act="import.discarded").count() == 1


@pytest.mark.parametrize("act", ["discard", "map", "commit"])
def test_a_written_sheet_is_past_all_that(clerk, act):
    batch = committed(*ROWS)

    with pytest.raises((ForbiddenMoveError, imports.AlreadyWrittenError)):
        {
            "discard": lambda: imports.discard(batch, by=clerk, now=NOW),
            "map": lambda: imports.map_columns(batch, {"name": [0]}, source="", now=NOW),
            "commit": lambda: written(batch, clerk),
        }[act]()


def test_the_database_refuses_a_written_batch_without_its_person():
    batch = ImportBatchFactory()

    with pytest.raises(DatabaseError, match="members_importbatch_committed"), transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportState.COMMITTED)
