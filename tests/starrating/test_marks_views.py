"""Marks through the door: sheets out and in, by hand, the second person, the way back."""

import io
from datetime import UTC, datetime

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from association.sheet_writing import workbook
from starrating import resources
from starrating.actions import marks
from starrating.enums import CycleState
from starrating.mark_sheet import BONUS, DEPARTMENT, PUBLIC, Mark
from starrating.models import Assessment, MarkPaper, StagedMarks
from starrating.queries.marks import blank_codes, items_of, overview
from tests.factories.accounts import make_user
from tests.factories.activities import CharityCreditFactory
from tests.factories.members import PharmacyFactory, PositionFactory, owner_of
from tests.factories.starrating import AssessmentFactory, CycleFactory, MarkPaperFactory
from tests.starrating.test_entry_actions import photo

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle():
    return CycleFactory(entry_closes_on="2099-11-30", review_closes_on="2099-12-31")


@pytest.fixture
def case(cycle):
    return AssessmentFactory(cycle=cycle)


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def text_of(answer) -> str:
    return answer.content.decode()


def handed_in(content: bytes, name="评分表.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def sheet_of(*rows, headings=("药店", "R01", "R12")) -> SimpleUploadedFile:
    return handed_in(workbook([("表", headings, rows)]))


def upload(client, cycle, sheet, *, kind=DEPARTMENT, title="检查汇总表", number="示例1号"):
    data = {"kind": kind, "title": title, "document_number": number, "sheet": sheet}
    return client.post(reverse("starrating:mark_upload", args=[cycle.pk]), data)


def value(case, code, kind=DEPARTMENT):
    sheet = Assessment.objects.get(pk=case.pk).sheet
    return sheet.get(code, {}).get(kind, {}).get("value")


def every_mark(case, by, kind=DEPARTMENT):
    """Enter a good value for every item of ``kind``."""
    best = {"deduct": "0", "ratio": "1/1", "bool": "符合", "measured": "0"}
    given = {
        code: Mark(best.get(item.method) or item.levels[0].name)
        for code, item in items_of(case.cycle, kind).items()
    }
    return marks.enter_marks(
        case.cycle,
        kind=kind,
        title="汇总",
        document_number="1号",
        marks={case.pk: given},
        by=by,
        now=NOW,
    )


# ------------------------------------------------------------------ the overview


def test_the_navigation_leads_to_the_cycle_at_work(client, secretary):
    assert "还没有评星周期" in text_of(client.get(reverse("starrating:marks_home")))
    CycleFactory(state=CycleState.FINAL, starts_on="2026-06-01")
    at_work = CycleFactory(state=CycleState.REVIEW, starts_on="2026-01-01")

    answer = client.get(reverse("starrating:marks_home"))

    assert answer.url == reverse("starrating:marks", args=[at_work.pk])
    assert "监管与口碑评分" in text_of(client.get(answer.url))


def test_the_overview_counts_whole_shops_and_the_blanks_of_each_item(cycle, case, secretary):
    AssessmentFactory(cycle=cycle)
    AssessmentFactory(cycle=cycle, state="excused", closing_reason="停业")
    every_mark(case, secretary)

    department, public = overview(cycle)

    assert (department.shops, department.complete, department.left) == (2, 1, 1)
    assert department.blanks == len(department.items)
    assert {state.blank for state in department.items} == {1}
    assert {(state.held, state.blank) for state in public.items} == {(0, 2)}
    assert (department.place, public.place) == (1, 3)


def test_a_blank_is_named_with_its_shop_and_leads_to_the_form(client, cycle, case, secretary):
    every_mark(case, secretary)
    other = AssessmentFactory(cycle=cycle)
    marks.enter_marks(
        cycle,
        kind=DEPARTMENT,
        title="检查",
        document_number="",
        marks={other.pk: {"R01": Mark("0")}},
        by=secretary,
        now=NOW,
    )
    address = reverse("starrating:mark_blanks", args=[cycle.pk])

    page = client.get(address, {"kind": DEPARTMENT})

    assert [row.pk for row, _ in page.context["rows"]] == [other.pk]
    other.refresh_from_db()
    assert blank_codes(other, items_of(cycle, DEPARTMENT), DEPARTMENT)[:2] == ["R02", "R03"]
    assert case.pharmacy.name not in text_of(page)
    by_item = client.get(address, {"kind": DEPARTMENT, "item": "R01"})
    assert by_item.context["rows"] == []
    assert "清除筛选" in text_of(by_item)
    assert client.get(address, {"kind": "other"}).status_code == 404
    found = client.get(address, {"kind": DEPARTMENT, "q": other.pharmacy.name, "item": "R02"})
    assert len(found.context["rows"]) == 1


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("name", "queries"), [("marks", 15), ("mark_blanks", 12)], ids=["overview", "blanks"]
)
def test_pages_ask_the_same_number_of_queries(
    client, cycle, secretary, name, queries, count, django_assert_num_queries
):
    for _ in range(count):
        every_mark(AssessmentFactory(cycle=cycle), secretary)
        AssessmentFactory(cycle=cycle)
    address = reverse(f"starrating:{name}", args=[cycle.pk])
    client.get(address)

    with django_assert_num_queries(queries):
        client.get(address)


@pytest.mark.parametrize(
    "role", [Role.REVIEWER, Role.ADJUDICATOR, Role.REGULATOR], ids=lambda role: role.value
)
def test_only_the_secretariat_enters_marks(client, cycle, case, role):
    client.force_login(make_user(role))
    for name in ("marks", "mark_upload", "mark_paper_new", "mark_template"):
        assert client.get(reverse(f"starrating:{name}", args=[cycle.pk])).status_code == 403
    client.force_login(owner_of(case.pharmacy))
    assert client.get(reverse("starrating:marks", args=[cycle.pk])).status_code == 404


# ------------------------------------------------------------------ sheets


def filled(content: bytes, values: dict[str, str]) -> bytes:
    """Type ``values`` by item code into the first shop's row, as a clerk would."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    for cell in sheet[resources.HEADER_ROW]:
        code = str(cell.value).split(" ")[0]
        if code in values and "样本数" not in str(cell.value):
            sheet.cell(resources.HEADER_ROW + 1, cell.column).value = values[code]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_template_goes_out_filled_comes_back_and_the_same_again_changes_nothing(
    client, cycle, case, secretary
):
    address = reverse("starrating:mark_template", args=[cycle.pk])
    template = client.get(address, {"kind": DEPARTMENT})
    assert "attachment" in template["Content-Disposition"]
    sheet = filled(template.content, {"R01": 1, "R03": "无缺陷", "R04": "10/12"})

    first = upload(client, cycle, handed_in(sheet))
    page = client.get(first.url)
    assert page.context["counts"] == {"new": 3, "changed": 0, "same": 0, "wrong": 0}
    assert value(case, "R01") is None
    staged = StagedMarks.objects.get()
    done = client.post(
        reverse("starrating:mark_sheet_commit", args=[staged.pk]),
        {"seen": page.context["seen"].digest},
        follow=True,
    )
    assert "已写入 1 家药店的 3 项评分" in text_of(done)
    assert (value(case, "R01"), value(case, "R04")) == ("1", "10/12")

    again = upload(client, cycle, handed_in(sheet))
    page = client.get(again.url)
    assert page.context["counts"] == {"new": 0, "changed": 0, "same": 3, "wrong": 0}
    assert "没有变化" in text_of(page)
    assert "写入 0 项" not in text_of(page)
    out = client.get(address, {"kind": DEPARTMENT, "filled": "1"}).content
    third = client.get(upload(client, cycle, handed_in(out)).url)
    assert third.context["counts"] == {"new": 0, "changed": 0, "same": 3, "wrong": 0}


def test_the_template_offers_the_words_that_a_cell_may_hold(cycle, case):
    book = openpyxl.load_workbook(
        io.BytesIO(resources.mark_template(cycle, DEPARTMENT)), read_only=False
    )
    sheet, explained = book.worksheets[0], book["填写说明"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    heads = {
        str(cell.value).split(" ")[0]: cell.column_letter
        for cell in sheet[resources.HEADER_ROW][len(resources.SHOP_HEADINGS) :]
    }
    row = resources.HEADER_ROW + 1

    levels = rules[f"{heads['R03']}{row}"]
    assert (levels.type, levels.formula1.split("!")[0]) == ("list", "choices")
    assert rules[f"{heads['R01']}{row}"].type == "whole"
    assert f"{heads['R04']}{row}" not in rules
    assert sheet[f"{heads['R04']}{row}"].number_format == "@"
    assert [c.value for c in sheet[row][:2]] == [case.pharmacy_id, case.pharmacy.name]
    assert explained["A2"].value == "R01"
    assert book["choices"].sheet_state == "hidden"


def test_the_template_of_one_area_holds_only_its_shops(client, cycle, case, secretary):
    AssessmentFactory(cycle=cycle)
    address = reverse("starrating:mark_template", args=[cycle.pk])
    area = case.pharmacy.area

    content = client.get(address, {"kind": PUBLIC, "area": area.pk}).content

    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    shops = {row[1].value for row in sheet.iter_rows(min_row=resources.HEADER_ROW + 1)}
    expected = set(
        Assessment.objects.filter(cycle=cycle, pharmacy__area=area).values_list(
            "pharmacy__name", flat=True
        )
    )
    assert shops == expected


def test_wrong_cells_are_named_come_back_as_a_workbook_and_the_rest_is_written(
    client, cycle, case, secretary
):
    sheet = sheet_of((case.pharmacy.name, "1", "合格不合格"), ("没有这家", "0", ""))
    page = client.get(upload(client, cycle, sheet).url)
    staged = StagedMarks.objects.get()

    assert page.context["counts"] == {"new": 1, "changed": 0, "same": 0, "wrong": 2}
    assert "有错的不会写入" in text_of(page)
    errors = client.get(reverse("starrating:mark_sheet_errors", args=[staged.pk]))
    rows = list(openpyxl.load_workbook(io.BytesIO(errors.content)).active.values)
    assert [row[0] for row in rows[1:]] == [2, 3]
    client.post(
        reverse("starrating:mark_sheet_commit", args=[staged.pk]),
        {"seen": page.context["seen"].digest},
    )
    assert value(case, "R01") == "1"
    kept = client.get(reverse("starrating:mark_sheet_file", args=[staged.pk]))
    assert "attachment" in kept["Content-Disposition"]


def test_a_changed_value_is_shown_before_and_after(client, cycle, case, secretary):
    every_mark(case, secretary)
    page = client.get(upload(client, cycle, sheet_of((case.pharmacy.name, "2", "符合"))).url)

    assert page.context["counts"] == {"new": 0, "changed": 1, "same": 1, "wrong": 0}
    (shop,) = page.context["seen"].changed
    assert [(c.code, c.before, c.after) for c in shop.changes] == [("R01", "0", "2")]
    assert "现在 → 写入" in text_of(page)


def test_a_preview_that_somebody_overtook_is_shown_anew_and_writes_nothing(
    client, cycle, case, secretary
):
    page = client.get(upload(client, cycle, sheet_of((case.pharmacy.name, "2", ""))).url)
    every_mark(case, make_user(Role.SECRETARIAT))
    staged = StagedMarks.objects.get()

    answer = client.post(
        reverse("starrating:mark_sheet_commit", args=[staged.pk]),
        {"seen": page.context["seen"].digest},
    )

    assert answer.status_code == 422
    assert "有人改过这些评分" in text_of(answer)
    assert value(case, "R01") == "0"
    assert answer.context["counts"]["changed"] == 1


def test_a_second_press_and_a_discarded_sheet_lead_somewhere(client, cycle, case, secretary):
    upload(client, cycle, sheet_of((case.pharmacy.name, "2", "")))
    staged = StagedMarks.objects.get()
    commit = reverse("starrating:mark_sheet_commit", args=[staged.pk])
    client.post(commit)

    again = client.post(commit, follow=True)

    assert again.redirect_chain[-1][0] == reverse(
        "starrating:mark_paper", args=[MarkPaper.objects.get().pk]
    )
    assert "已经写入" in text_of(again)
    upload(client, cycle, sheet_of((case.pharmacy.name, "1", "")))
    other = StagedMarks.objects.open().get()
    overview_page = text_of(client.get(reverse("starrating:marks", args=[cycle.pk])))
    assert "还没有写入" in overview_page
    client.post(reverse("starrating:mark_sheet_discard", args=[other.pk]))
    page = client.get(reverse("starrating:mark_sheet", args=[other.pk]))
    assert "这张表已经放弃" in text_of(page)
    assert value(case, "R01") == "2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.4 renamed", "不是表格"),
        (b"PK\x03\x04 cut off", "不完整或已损坏"),
        ("药店,得分\n甲店,3\n".encode(), "没有条目列"),
        ("药店,P01\n甲店,3\n".encode(), "这张表里是“群众口碑”的条目"),
        ("药店,R01\n".encode(), "都是空的"),
    ],
    ids=["empty", "renamed pdf", "damaged", "no items", "another kind", "nothing filled in"],
)
def test_a_bad_file_gets_a_sentence_and_stages_nothing(client, cycle, secretary, content, said):
    answer = upload(client, cycle, handed_in(content))

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not StagedMarks.objects.exists()


def test_a_bomb_gets_a_sentence(client, cycle, secretary, settings):
    settings.SHEET_LIMITS = {"unpacked_megabytes": 0}

    answer = upload(client, cycle, sheet_of(("甲店", "1", "")))

    assert answer.status_code == 422
    assert "展开后太大" in text_of(answer)


def test_of_several_sheets_the_one_with_the_items_is_read(client, cycle, case, secretary):
    long_one = [(f"说明第 {n} 行", "", "") for n in range(60)]
    book = workbook(
        [
            ("说明", ("怎么填", "", ""), long_one),
            ("评分", ("药店", "R01", "R12"), [(case.pharmacy.name, "1", "")]),
        ]
    )

    page = client.get(upload(client, cycle, handed_in(book)).url)

    assert page.context["counts"]["new"] == 1


def test_shops_of_the_own_company_are_refused_row_by_row(client, cycle, case, secretary):
    PositionFactory(user=secretary, pharmacy=None, unit=case.pharmacy.unit, role=Role.HEAD_OFFICE)

    page = client.get(upload(client, cycle, sheet_of((case.pharmacy.name, "1", ""))).url)

    assert page.context["counts"]["wrong"] == 1
    assert "须回避" in text_of(page)


def test_two_shops_of_one_name_need_more_than_the_name(client, cycle, case, secretary):
    twin = PharmacyFactory(name=case.pharmacy.name, licence_number="示例DA9")
    AssessmentFactory(cycle=cycle, pharmacy=twin)

    page = client.get(upload(client, cycle, sheet_of((twin.name, "1", ""))).url)

    assert "不止一家药店叫这个名字" in text_of(page)


def test_nothing_is_taken_after_the_review(client, cycle, case, secretary):
    type(cycle).objects.update(state=CycleState.GATED)

    answer = upload(client, cycle, sheet_of((case.pharmacy.name, "1", "")))

    assert "评审已经结束" in text_of(answer)
    assert not StagedMarks.objects.exists()
    for name in ("marks", "mark_paper_new"):
        page = client.get(reverse(f"starrating:{name}", args=[cycle.pk]))
        assert "评审已经结束" in text_of(page)


# ------------------------------------------------------------------ by hand


def register(client, cycle, *, kind=DEPARTMENT, number="示例1号", **more):
    address = reverse("starrating:mark_paper_new", args=[cycle.pk])
    data = {"kind": kind, "title": "检查记录", "document_number": number, **more}
    return client.post(address, data)


def test_a_clerk_enters_shop_after_shop_from_one_paper(client, cycle, secretary):
    area = PharmacyFactory().area
    one, two = (
        AssessmentFactory(cycle=cycle, pharmacy=PharmacyFactory(name=name, area=area))
        for name in ("示例甲店", "示例乙店")
    )
    first, second = sorted((one, two), key=lambda a: a.pharmacy.name_sort)

    answer = register(client, cycle, paper=photo())
    paper = MarkPaper.objects.get()
    address = f"{reverse('starrating:mark', args=[first.pk])}?paper={paper.pk}"
    assert answer.url == address
    page = client.get(address)
    assert second.pharmacy.name in text_of(page)
    data = {
        "R01": "1",
        "R03": "无缺陷",
        "R11-na": "1",
        "R11-reason": "不经营特殊管理药品",
        "seen": page.context["seen"],
    }
    following = client.post(address, data)

    assert following.url == f"{reverse('starrating:mark', args=[second.pk])}?paper={paper.pk}"
    first.refresh_from_db()
    assert first.sheet["R11"]["department"]["value"] == "NA"
    assert first.sheet["R11"]["department"]["reason"] == "不经营特殊管理药品"
    done = client.post(following.url, {"R01": "0", "then": "done"}, follow=True)
    assert "2 家 4 项" in text_of(done)
    assert "不适用：不经营特殊管理药品" in text_of(done)
    scan = client.get(reverse("starrating:mark_paper_file", args=[paper.pk]))
    assert scan["Content-Type"].startswith("image/")
    begun = client.get(reverse("starrating:mark_paper_new", args=[cycle.pk]), {"kind": DEPARTMENT})
    assert "接着录" in text_of(begun)
    go_on = client.get(reverse("starrating:mark_paper_enter", args=[paper.pk]))
    assert "/ratings/marks/shops/" in go_on.url


def test_what_does_not_fit_comes_back_as_it_was_typed_and_nothing_is_written(
    client, cycle, case, secretary
):
    paper = MarkPaperFactory(cycle=cycle, kind=PUBLIC, entered_by=secretary)
    address = f"{reverse('starrating:mark', args=[case.pk])}?paper={paper.pk}"
    data = {
        "P01": "0",
        "P02": "许多",
        "P04": "4.6",
        "P09": "不适用",
        "P10": "好",
    }

    answer = client.post(address, data)

    page = text_of(answer)
    assert answer.status_code == 422
    assert answer.context["problems"].keys() == {"P02", "P04", "P09"}
    assert "样本数" in answer.context["problems"]["P04"]
    assert "写一句原因" in answer.context["problems"]["P09"]
    assert 'value="许多"' in page
    assert value(case, "P01", PUBLIC) is None


def test_two_people_at_the_same_shop_in_the_same_second(client, cycle, case, secretary):
    paper = MarkPaperFactory(cycle=cycle, entered_by=secretary)
    address = f"{reverse('starrating:mark', args=[case.pk])}?paper={paper.pk}"
    seen = client.get(address).context["seen"]
    every_mark(case, make_user(Role.SECRETARIAT))

    late = client.post(address, {"R01": "2", "seen": seen})

    assert late.status_code == 422
    assert "有人改过这些评分" in text_of(late)
    assert value(case, "R01") == "0"
    again = client.post(address, {"R01": "2", "seen": late.context["seen"]})
    assert again.status_code == 302
    assert value(case, "R01") == "2"


def test_pressing_twice_is_no_error(client, cycle, case, secretary):
    paper = MarkPaperFactory(cycle=cycle, entered_by=secretary)
    address = f"{reverse('starrating:mark', args=[case.pk])}?paper={paper.pk}"
    data = {"R01": "2", "seen": client.get(address).context["seen"]}
    client.post(address, data)

    again = client.post(address, data, follow=True)

    assert "没有改动" in text_of(again)
    assert paper.shops.get().after.keys() == {"R01"}


def test_a_shop_of_the_own_company_shows_no_form_and_takes_nothing(client, cycle, case, secretary):
    PositionFactory(user=secretary, pharmacy=None, unit=case.pharmacy.unit, role=Role.HEAD_OFFICE)
    paper = MarkPaperFactory(cycle=cycle, entered_by=secretary)
    address = f"{reverse('starrating:mark', args=[case.pk])}?paper={paper.pk}"

    assert 'name="R01"' not in text_of(client.get(address))
    answer = client.post(address, {"R01": "0"})

    assert answer.status_code == 422
    assert "须回避" in text_of(answer)
    assert value(case, "R01") is None
    assert register(client, cycle).url == reverse("starrating:marks", args=[cycle.pk])


def test_a_shop_is_found_by_its_name_and_without_a_paper_one_is_registered_first(
    client, cycle, case, secretary
):
    paper = MarkPaperFactory(cycle=cycle, entered_by=secretary)
    address = reverse("starrating:mark", args=[case.pk])

    found = client.get(address, {"paper": paper.pk, "q": case.pharmacy.name})

    assert [row.pk for row, _ in found.context["found"]] == [case.pk]
    assert client.get(address).url == reverse("starrating:mark_paper_new", args=[cycle.pk])
    stranger = MarkPaperFactory()
    assert client.get(address, {"paper": stranger.pk}).status_code == 404


# ------------------------------------------------------------------ bonus and the second person


def test_bonus_shows_what_counts_by_itself_and_waits_for_a_second_person(
    client, cycle, case, secretary
):
    credit = CharityCreditFactory(pharmacy=case.pharmacy, code="bonus/B01", earned_on="2026-05-01")
    refused = register(client, cycle, kind=BONUS, number="")
    assert "要写文号或编号" in text_of(refused)
    address = register(client, cycle, kind=BONUS).url
    page = client.get(address)
    lines = {row["line"].item.code: row["line"] for row in page.context["rows"]}
    assert lines["B01"].is_automatic
    assert lines["B01"].by_itself["activities"][0]["pk"] == credit.activity_id
    assert 'name="B01"' not in text_of(page)
    client.post(address, {"B05": "1", "then": "done"})
    paper = MarkPaper.objects.get()
    paper_page = reverse("starrating:mark_paper", args=[paper.pk])
    confirm = reverse("starrating:mark_paper_confirm", args=[paper.pk])
    assert "等另一位同事确认" in text_of(client.get(paper_page))
    own = client.post(confirm, {"seen": "1"})
    assert own.status_code == 422
    assert "录入人不能自己确认" in text_of(own)
    mine = text_of(client.get(reverse("starrating:marks_waiting")))
    assert "您录入的，等同事确认" in mine

    client.force_login(make_user(Role.ADJUDICATOR))
    assert str(paper) in text_of(client.get(reverse("starrating:marks_waiting")))
    shown = text_of(client.get(paper_page))
    assert case.pharmacy.name in shown
    assert "确认 1 项" in shown
    done = client.post(confirm, {"seen": "1"}, follow=True)
    assert "从现在起计入" in text_of(done)
    paper.refresh_from_db()
    assert paper.confirmed_at is not None
    assert "没有等您确认的加分" in text_of(client.get(reverse("starrating:marks_waiting")))


def test_a_confirmed_bonus_is_seen_with_its_paper(client, cycle, case, secretary):
    paper = marks.enter_marks(
        cycle,
        kind=BONUS,
        title="命名文件",
        document_number="示例7号",
        marks={case.pk: {"B08": Mark("1")}},
        by=secretary,
        now=NOW,
    )
    address = register(client, cycle, kind=BONUS, number="示例8号").url
    before = next(r for r in client.get(address).context["rows"] if r["line"].item.code == "B08")
    marks.confirm_paper(paper, by=make_user(Role.ADJUDICATOR), now=NOW)
    after = next(r for r in client.get(address).context["rows"] if r["line"].item.code == "B08")

    assert before["line"].now[0]["is_waiting"]
    assert not after["line"].now[0]["is_waiting"]
    assert after["line"].now[0]["label"] == "命名文件 示例7号"


# ------------------------------------------------------------------ the paper page and the way back


def test_a_paper_is_taken_back_with_what_stays_said(client, cycle, case, secretary):
    first = every_mark(case, secretary)
    marks.enter_marks(
        cycle,
        kind=DEPARTMENT,
        title="复查",
        document_number="2号",
        marks={case.pk: {"R01": Mark("2")}},
        by=secretary,
        now=NOW,
    )
    page = client.get(reverse("starrating:mark_paper", args=[first.pk]))
    assert "后来已改" in text_of(page)

    done = client.post(reverse("starrating:mark_paper_undo", args=[first.pk]), follow=True)

    assert "其中 1 项后来已被别的材料改过" in text_of(done)
    assert "这份材料已撤回" in text_of(done)
    assert (value(case, "R01"), value(case, "R02")) == ("2", None)
    again = client.post(reverse("starrating:mark_paper_undo", args=[first.pk]))
    assert again.status_code == 422
    assert "已经撤回" in text_of(again)


def test_one_shop_of_a_paper_is_taken_back(client, cycle, case, secretary):
    paper = every_mark(case, secretary)
    line = paper.shops.get()

    done = client.post(reverse("starrating:mark_line_undo", args=[line.pk]), follow=True)

    assert f"{case.pharmacy.name}的 16 项评分已撤回" in text_of(done)
    assert value(case, "R01") is None
    again = client.post(reverse("starrating:mark_line_undo", args=[line.pk]), follow=True)
    assert "已经撤回" in text_of(again)


def test_a_paper_is_read_by_those_who_follow_the_cycle_and_by_nobody_else(
    client, cycle, case, secretary
):
    paper = every_mark(case, secretary)
    address = reverse("starrating:mark_paper", args=[paper.pk])
    undo = reverse("starrating:mark_paper_undo", args=[paper.pk])

    client.force_login(make_user(Role.REGULATOR))
    assert case.pharmacy.name in text_of(client.get(address))
    assert client.post(undo).status_code == 403
    client.force_login(make_user(Role.REVIEWER))
    assert case.pharmacy.name not in text_of(client.get(address))
    client.force_login(owner_of(case.pharmacy))
    assert client.get(address).status_code == 404
    assert client.get(reverse("starrating:mark_paper_file", args=[paper.pk])).status_code == 404


def test_a_paper_without_a_file_has_nothing_to_download(client, cycle, case, secretary):
    paper = every_mark(case, secretary)

    for name in ("mark_paper_file", "mark_paper_sheet"):
        assert client.get(reverse(f"starrating:{name}", args=[paper.pk])).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_paper_page_asks_the_same_number_of_queries(
    client, cycle, secretary, count, django_assert_num_queries
):
    cases = [AssessmentFactory(cycle=cycle) for _ in range(count)]
    paper = marks.enter_marks(
        cycle,
        kind=DEPARTMENT,
        title="汇总",
        document_number="1号",
        marks={case.pk: {"R01": Mark("0")} for case in cases},
        by=secretary,
        now=NOW,
    )
    address = reverse("starrating:mark_paper", args=[paper.pk])
    client.get(address)

    with django_assert_num_queries(10):
        client.get(address)
