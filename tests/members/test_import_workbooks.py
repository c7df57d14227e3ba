"""Real office workbooks at the import centre: each ends in a preview or in a clear sentence.

None of them is a list of pharmacies. Whoever takes the wrong file must still see what is in it
and be led on: no error page, and the register stays empty.
"""

import pytest
from django.urls import reverse

from accounts.roles import Role
from members.models import ImportBatch, MemberUnit, Pharmacy
from tests.association.test_sheet_reading import WORKBOOKS, needs_shared_data
from tests.factories.accounts import make_user
from tests.members.test_import_views import post, text_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.shared_data, needs_shared_data]

# The file; the column taken for the name of the shop; rows that would be new, and wrong rows.
WHAT_COMES = [
    ("cn_form_material_list_aluminium.xlsx", 1, 0, 0),
    ("cn_form_material_list_panel.xlsx", 1, 0, 0),
    ("cn_form_material_template.xls", 1, 3, 24),
    ("cn_scoring_rules_text.xlsx", 1, 6, 0),
    ("cn_store_entry_hidden_sheet_vlookup.xlsx", 1, 1, 19),
    ("dirty_dimension_books.xlsx", 1, 2, 0),
    ("encodings/characters.csv", 1, 382, 0),
    ("encodings/long.csv", 0, 0, 0),
    ("encodings/null.csv", 1, 1, 5),
    ("encodings/simple.xls", 1, 6, 0),
    ("encodings/simple.xlsx", 1, 6, 0),
    ("encodings/utf-16le_encoded.csv", 1, 326, 1),
    ("encodings/utf8bom.csv", 1, 0, 0),
    ("encodings/weird_head_padding.csv", 1, 6, 51),
    ("fake_xls_is_utf8_csv.xls", 0, 21, 0),
    ("nbsp_indented_names.xls", 0, 21, 0),
    ("title_and_date_rows.xls", 1, 1, 0),
    ("title_row_same_data.xls", 1, 11, 99),
    ("title_row_same_data.xlsx", 1, 11, 99),
    ("vertical_merges_three_sheets.xls", 1, 11, 5),
]


def test_every_workbook_is_tried():
    there = {str(f.relative_to(WORKBOOKS)) for f in WORKBOOKS.rglob("*.*") if f.is_file()}
    assert {name for name, *_ in WHAT_COMES} == there


@pytest.mark.parametrize(("name", "column", "new", "wrong"), WHAT_COMES)
def test_a_real_workbook_ends_in_a_preview(client, name, column, new, wrong):
    client.force_login(make_user(Role.SECRETARIAT))

    upload(client, name.rpartition("/")[2], (WORKBOOKS / name).read_bytes())
    batch = ImportBatch.objects.get()
    assert batch.state == "mapping", batch.refusal
    page = text_of(post(client, "map", batch, **{f"column-{column}": "name"}))

    batch.refresh_from_db()
    assert batch.state == "checked"
    assert (batch.counts["new"], batch.counts["error"]) == (new, wrong)
    assert ("没有要写入的行" in page) is (new == 0)
    if wrong:
        assert "有误" in page
        assert client.get(reverse("members:import_errors", args=[batch.pk])).status_code == 200
    assert not Pharmacy.objects.exists()
    assert not MemberUnit.objects.exists()


@pytest.mark.parametrize(
    "name", [name for name, *_ in WHAT_COMES if name.endswith(("xls", "xlsx"))]
)
def test_every_sheet_of_a_real_workbook_can_be_taken(client, name):
    """Hidden sheets too: a clerk's list may lie on one."""
    client.force_login(make_user(Role.SECRETARIAT))
    upload(client, name.rpartition("/")[2], (WORKBOOKS / name).read_bytes())
    batch = ImportBatch.objects.get()

    for sheet in batch.about["sheets"]:
        page = text_of(post(client, "sheet", batch, sheet=sheet["name"]))
        batch.refresh_from_db()
        assert batch.sheet == sheet["name"] or batch.refusal in page
        assert batch.state in {"mapping", "unreadable"}
