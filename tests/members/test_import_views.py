"""Pages of the import centre: from the file to the register and back, refusals included."""

import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association import jobs
from association.models import Heartbeat, StoredFile
from members.actions import imports
from members.enums import ImportState
from members.models import ImportBatch, Pharmacy
from tests.association.test_sheet_reading import FIRST_SHEET, book, sheet_xml, with_part
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import checked, committed, owner_of, staged

pytestmark = pytest.mark.django_db

DATA = Path(__file__).resolve().parent.parent / "data"
ROWS = (("店名", "地址", "许可证号"), ("一店", "示例路1号", "示例DA1"), ("二店", "示例路2号", ""))
PAGE_QUERIES = 9  # session, user, grants, positions, batch, what waits (twice), rows


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def upload(client, name: str, content: bytes, kind: str = "shops"):
    return client.post(
        reverse("members:imports"),
        {"kind": kind, "file": SimpleUploadedFile(name, content)},
        follow=True,
    )


def post(client, act: str, batch, **data):
    return client.post(reverse(f"members:import_{act}", args=[batch.pk]), data, follow=True)


def page_of(client, batch, **query):
    return client.get(reverse("members:import", args=[batch.pk]), query)


def columns_of(batch) -> dict:
    return {f"column-{at}": code for code, places in batch.mapping.items() for at in places}


# ------------------------------------------------------------------ the whole way


def test_a_real_list_goes_from_the_file_into_the_register_and_back(client, secretary):
    content = (DATA / "pharmacies/cn_guangzhou_mask_pharmacies_2020.csv").read_bytes()

    mapping = upload(client, "名册.csv", content)
    batch = ImportBatch.objects.get()
    assert "第 1 步，共 2 步" in text_of(mapping)
    preview = post(client, "map", batch, source="广州名册", **columns_of(batch))
    assert "166" in text_of(preview)
    assert "表里有 12 个片区还没有登记" in text_of(preview)
    post(client, "areas", batch)
    batch.refresh_from_db()
    waiting = post(client, "commit", batch, digest=batch.digest)
    assert "排队中" in text_of(waiting)
    jobs.run_due()

    result = text_of(page_of(client, batch))
    assert "新增 166 家药店，更改 0 家药店。" in result
    assert "166" in text_of(client.get(reverse("members:list")))
    assert Pharmacy.objects.exclude(area=None).count() == 166
    again = text_of(upload(client, "同一份.csv", content))
    assert "这份文件导入过" in again
    assert "没有要写入的行" in again
    undone = text_of(post(client, "undo", batch))
    assert "收回 166 家药店" in undone
    assert not Pharmacy.objects.exists()


def test_a_workbook_of_companies_takes_the_same_way(client, secretary):
    upload(client, "会员.xlsx", book([("单位名称", "类型"), ("甲公司", "连锁")]), kind="units")
    batch = ImportBatch.objects.get()

    preview = post(client, "map", batch, **columns_of(batch))

    assert "甲公司" in text_of(preview)
    assert "写入 1 行" in text_of(preview)


def test_the_waiting_page_reloads_itself_when_there_is_something_to_see(client, secretary):
    batch = checked(*ROWS)
    imports.ask_for_commit(batch, digest=batch.digest, by=secretary, now=timezone.now())
    part = {"headers": {"HX-Request": "true"}}
    url = reverse("members:import", args=[batch.pk])
    assert "data-poll" in text_of(client.get(url, **part))

    jobs.run_due()

    assert client.get(url, **part).content == b"<div data-reload></div>"


def test_the_waiting_page_says_when_no_worker_runs(client, secretary):
    batch = checked(*ROWS)
    imports.ask_for_commit(batch, digest=batch.digest, by=secretary, now=timezone.now())
    Heartbeat.objects.all().delete()

    assert "后台服务没有在运行" in text_of(page_of(client, batch))


# ------------------------------------------------------------------ files that are none


BOMB = '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("空.xlsx", b"", "空"),
        ("名册.xlsx", b"%PDF-1.7", "这是PDF 文件"),
        ("名册.xlsx", b"PK\x03\x04 not a zip at all", "文件不完整或已损坏"),
        ("名册.xlsx", with_part(book(), FIRST_SHEET, sheet_xml(BOMB)), "超过 200000 行"),
        ("名册.csv", bytes(range(1, 32)) * 200, "不是表格"),
        ("名册.xlsx", "店名\n一店".encode() + b"\x00" * 50, "不是表格"),
    ],
    ids=["empty", "pdf", "damaged", "a million rows", "noise", "binary"],
)
def test_a_file_that_is_no_sheet_gets_a_sentence_and_no_500(
    client, secretary, name, content, words
):
    response = upload(client, name, content)

    assert words in text_of(response)
    assert not Pharmacy.objects.exists()


def test_a_csv_called_xls_is_read_for_what_it_is(client, secretary):
    response = upload(client, "假.xls", "店名,地址\n一店,示例路1号\n".encode("gb18030"))

    assert "列的对应" in text_of(response)
    assert ImportBatch.objects.get().about["encoding"] == "gb18030"


def test_a_missing_file_is_asked_for(client, secretary):
    response = client.post(reverse("members:imports"), {"kind": "shops"})

    assert "有 1 处要改" in text_of(response)


def test_a_refusal_at_the_door_keeps_nothing(client, secretary):
    upload(client, "图.xlsx", b"\x89PNG\r\n\x1a\n....")

    assert not ImportBatch.objects.exists()
    assert not StoredFile.objects.exists()


# ------------------------------------------------------------------ mapping and preview


def test_the_mapping_page_names_what_is_required(client, secretary):
    batch = staged(("店", "地址"), ("一店", "示例路1号"))

    response = post(client, "map", batch, **{"column-1": "address"})

    assert "请指出哪一列是门店名称。" in text_of(response)
    batch.refresh_from_db()
    assert batch.state == ImportState.MAPPING


def test_a_made_up_column_is_refused(client, secretary):
    batch = staged(*ROWS)

    response = post(client, "map", batch, **{"column-0": "password"})

    assert "有的列选得不对" in text_of(response)


def test_another_sheet_of_the_file_can_be_taken(client, secretary):
    upload(client, "两张.xlsx", book([("店名", "地址"), ("一店", "甲"), ("二店", "乙")],
                                    别的=[("门店名称", "地址"), ("三店", "丙")]))  # fmt: skip
    batch = ImportBatch.objects.get()
    assert "别的（2 行）" in text_of(page_of(client, batch))

    response = post(client, "sheet", batch, sheet="别的")

    assert "三店" in text_of(response)
    batch.refresh_from_db()
    assert (batch.sheet, batch.headings) == ("别的", ["门店名称", "地址"])
    assert "文件里没有这个工作表" in text_of(post(client, "sheet", batch, sheet="没有的"))


@pytest.mark.parametrize("row", ["", "0", "x", "99999999999", "7"])
def test_a_heading_row_that_is_none_is_refused(client, secretary, row):
    batch = staged(*ROWS)

    assert "行没有内容" in text_of(post(client, "header", batch, header_row=row))


def test_the_preview_shows_old_and_new_and_what_is_wrong(client, secretary):
    committed(*ROWS)
    batch = checked(
        ("店名", "地址", "许可证号", "有效期至"),
        ("一店（新）", "示例路1号", "示例DA1", ""),
        ("三店", "示例路3号", "", "2026-13-01"),
    )

    page = text_of(page_of(client, batch))

    assert "<del>一店</del>" in page
    assert "<ins>一店（新）</ins>" in page
    assert "日历上没有“2026-13-01”这一天。" in page
    assert "写入 1 行" in page
    assert "下载有误的 1 行" in page
    only_wrong = text_of(page_of(client, batch, show="error"))
    assert "三店" in only_wrong
    assert "<ins>" not in only_wrong


@pytest.mark.parametrize("query", [{"after": "x"}, {"before": "-1"}, {"show": "none"}])
def test_an_address_that_means_nothing_shows_the_first_page(client, secretary, query):
    assert "一店" in text_of(page_of(client, checked(*ROWS), **query))


def test_the_preview_goes_by_pages_and_asks_the_same_number_of_queries(client, secretary):
    batch = checked(("店名",), *((f"第{n}店",) for n in range(120)))
    few = checked(("店名",), ("别的店",))
    page_of(client, batch)

    counts = []
    for each in (few, batch):
        with CaptureQueriesContext(connection) as seen:
            page = page_of(client, each)
        counts.append(len(seen))

    assert counts[0] == counts[1]
    assert len(page.context["rows"]) == 50
    second = page_of(client, batch, after=page.context["rows"][-1].number)
    assert [row.title for row in second.context["rows"]][:1] == ["第50店"]
    assert "before=52" in second.context["previous_url"]
    first = page_of(client, batch, before=52)
    assert [row.title for row in first.context["rows"]][:1] == ["第0店"]


def test_a_register_that_moved_on_is_said_on_the_preview(client, secretary):
    batch = checked(*ROWS)
    stale = batch.digest
    committed(*ROWS)
    post(client, "commit", batch, digest=stale)
    jobs.run_due()

    page = text_of(page_of(client, batch))

    assert "核对之后名册又有变动，没有写入" in page
    assert "没有要写入的行" in page
    assert Pharmacy.objects.count() == 2


def test_a_sheet_is_given_up(client, secretary):
    batch = checked(*ROWS)

    response = post(client, "discard", batch)

    assert "名册没有改动" in text_of(response)
    assert "已放弃" in text_of(page_of(client, batch))
    assert "当前为“已放弃”状态" in text_of(post(client, "commit", batch, digest=batch.digest))


def test_an_expired_sheet_says_what_to_do(client, secretary):
    batch = imports.expire(checked(*ROWS), now=timezone.now())

    assert "要导入请重新上传" in text_of(page_of(client, batch))
    assert "当前为“已过期”状态" in text_of(post(client, "map", batch))


def test_an_undo_that_comes_too_late_is_refused_in_words(client, secretary):
    batch = committed(*ROWS, now=timezone.now() - timedelta(days=31))

    assert "撤回这次导入" not in text_of(page_of(client, batch))
    assert "不能整批撤回" in text_of(post(client, "undo", batch))


# ------------------------------------------------------------------ papers


def test_wrong_rows_come_back_as_a_workbook_that_can_be_corrected_and_sent_again(client, secretary):
    batch = checked(
        ("店名", "许可证号", "有效期至"),
        ("一店", "示例DA1", "2028-01-01"),
        ("=2+5", "示例DA2", "2026-13-01"),
    )

    answer = client.get(reverse("members:import_errors", args=[batch.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))

    assert rows[0] == ("店名", "许可证号", "有效期至", "行号", "问题", "建议")
    assert rows[1][:4] == ("=2+5", "示例DA2", "2026-13-01", 3)
    assert rows[1][4] == "许可证有效期至：日历上没有“2026-13-01”这一天。"
    assert rows[1][5] == "许可证有效期至：写成 2026-03-05 的样子。"
    assert sheet["A2"].data_type == "s"
    assert sheet["C2"].fill.fgColor.rgb == "FFFBE3E3"
    assert sheet["B2"].fill.fgColor.rgb != "FFFBE3E3"
    sheet["C2"] = "2026-12-01"
    target = io.BytesIO()
    sheet.parent.save(target)
    upload(client, "改正.xlsx", target.getvalue())
    fixed = ImportBatch.objects.order_by("-pk").first()
    assert (fixed.state, fixed.counts["new"]) == (ImportState.CHECKED, 1)


def test_very_many_wrong_rows_come_back_as_text(client, secretary, monkeypatch):
    monkeypatch.setattr("members.views.imports.WORKBOOK_ROWS", 0)
    batch = checked(("店名", "有效期至"), ("一店", "2026-13-01"))

    answer = client.get(reverse("members:import_errors", args=[batch.pk]))

    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == '"店名","有效期至","行号","问题","建议"'
    assert lines[1].startswith('"一店","2026-13-01","2"')


def test_without_wrong_rows_there_is_no_workbook_of_them(client, secretary):
    batch = checked(*ROWS)

    assert client.get(reverse("members:import_errors", args=[batch.pk])).status_code == 404


def test_the_original_can_be_had_again_whatever_became_of_it(client, secretary):
    content = "店名\n一店\n".encode()
    upload(client, "原来的.csv", content)
    batch = ImportBatch.objects.get()
    post(client, "discard", batch)

    answer = client.get(reverse("members:import_original", args=[batch.pk]))

    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "text/csv"


@pytest.mark.parametrize("kind", ["shops", "units"])
def test_a_template_can_be_filled_in_and_imported(client, secretary, kind):
    answer = client.get(reverse("members:import_template", args=[kind]))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book.active
    headings = [cell.value for cell in sheet[2]]
    named = {"shops": "门店名称", "units": "单位名称"}[kind]
    sheet.cell(row=3, column=headings.index(named) + 1, value="示例新店")
    sheet.cell(row=3, column=headings.index("类型") + 1, value="连锁企业")
    target = io.BytesIO()
    book.save(target)

    upload(client, "填好的.xlsx", target.getvalue(), kind=kind)

    batch = ImportBatch.objects.get()
    assert (batch.header_row, batch.first_row) == (2, 3)
    assert len(batch.mapping) == len(headings)
    post(client, "map", batch, **columns_of(batch))
    batch.refresh_from_db()
    assert batch.counts["new"] == 1
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.formula1]
    assert '"连锁企业,单体药店"' in lists


def test_a_template_of_an_unknown_kind_does_not_exist(client, secretary):
    assert client.get(reverse("members:import_template", args=["x"])).status_code == 404


# ------------------------------------------------------------------ who


@pytest.mark.parametrize(
    "role", [Role.REVIEWER, Role.ADJUDICATOR, Role.INSPECTOR, Role.REGULATOR], ids=str
)
def test_only_the_secretariat_imports(client, role):
    batch = checked(*ROWS)
    client.force_login(make_user(role))

    assert client.get(reverse("members:imports")).status_code == 403
    assert client.get(reverse("members:import_template", args=["shops"])).status_code == 403
    assert page_of(client, batch).status_code == 404
    assert post(client, "commit", batch, digest=batch.digest).status_code == 404
    original = client.get(reverse("members:import_original", args=[batch.pk]))
    assert original.status_code == 404


def test_an_owner_sees_nothing_of_imports(client):
    batch = committed(*ROWS)
    client.force_login(owner_of(Pharmacy.objects.first()))

    assert client.get(reverse("members:imports")).status_code == 403
    assert page_of(client, batch).status_code == 404


def test_a_colleague_goes_on_where_the_other_stopped(client, secretary):
    batch = checked(*ROWS, uploaded_by=UserFactory(real_name="王某"))

    page = text_of(client.get(reverse("members:imports")))

    assert "王某" in page
    assert "待确认" in page
    post(client, "commit", batch, digest=batch.digest)
    jobs.run_due()
    batch.refresh_from_db()
    assert batch.committed_by == secretary


@pytest.mark.parametrize("count", [1, 15])
def test_the_history_asks_the_same_number_of_queries(client, secretary, count):
    for _ in range(count):
        staged(*ROWS)
    client.get(reverse("members:imports"))

    with CaptureQueriesContext(connection) as seen:
        page = text_of(client.get(reverse("members:imports")))

    assert page.count("<tr>") == count + 1
    assert len(seen) == PAGE_QUERIES
