"""What sheets of the register hold: the list of shops out, templates, rows to correct."""

from collections.abc import Iterator
from datetime import date
from secrets import token_urlsafe

from import_export import fields, resources, widgets
from openpyxl.utils import get_column_letter

from accounts.models import Area
from association.sheet_writing import FormColumn, Marked, csv_text, form_workbook, workbook
from members.enums import PharmacyStatus, UnitKind
from members.models import ImportBatch, MemberUnit, Pharmacy, Tenure
from members.name_keys import folded, name_keys
from members.sheets import SheetKind, preview
from members.sheets.mapping import OWN_HEADINGS
from members.sheets.shop_columns import COLUMNS, PLACE

STREAMED = 2000


class Label(widgets.CharWidget):
    """A choice by its word: 连锁企业, 营业."""

    def __init__(self, choices) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value, row=None, **kwargs):
        words = {label: code for code, label in self.choices.choices}
        return words.get(value, value)

    def render(self, value, obj=None, **kwargs):
        return str(self.choices(value).label) if value else ""


def _column(attribute: str, code: str, widget=None) -> fields.Field:
    return fields.Field(attribute, COLUMNS[PLACE[code] - 1].label, widget)


class PharmacyResource(resources.ModelResource):
    """One row is one pharmacy, in the columns that the import knows.

    The list goes out through it; a file of a few rows may come in by django-import-export's own
    way (``import_data(…, now=…)``), which asks the database for each row. Whole sheets take the
    way of ``members.sheets``.
    """

    own_id = fields.Field("pk", COLUMNS[0].label, readonly=True)
    unit_name = fields.Field("unit__name", COLUMNS[PLACE["unit_name"] - 1].label, readonly=True)
    credit_code = _column(
        "unit", "credit_code", widgets.ForeignKeyWidget(MemberUnit, "credit_code")
    )
    unit_kind = fields.Field(
        "unit__kind", COLUMNS[PLACE["unit_kind"] - 1].label, Label(UnitKind), readonly=True
    )
    name = _column("name", "name")
    area = _column("area", "area", widgets.ForeignKeyWidget(Area, "name"))
    address = _column("address", "address")
    phone = _column("phone", "phone")
    licence_number = _column("licence_number", "licence_number")
    licence_expires_on = _column(
        "licence_expires_on", "licence_expires_on", widgets.DateWidget("%Y-%m-%d")
    )
    joined_on = _column("joined_on", "joined_on", widgets.DateWidget("%Y-%m-%d"))
    opened_on = _column("opened_on", "opened_on", widgets.DateWidget("%Y-%m-%d"))
    status = _column("status", "status", Label(PharmacyStatus))

    class Meta:
        model = Pharmacy
        fields = tuple(column.code for column in COLUMNS if column.code != "source_id")
        import_id_fields = ("licence_number",)
        skip_unchanged = True
        use_transactions = True

    def before_save_instance(self, instance, row, **kwargs) -> None:
        """Fill in what a shop never goes without: keys, its outside address, when it came."""
        instance.name_folded, instance.name_initials, instance.name_sort = name_keys(instance.name)
        instance.address_folded = folded(instance.address)
        instance.updated_at = kwargs["now"]
        if instance.pk is None:
            instance.created_at = instance.updated_at
            instance.public_token = token_urlsafe(16)

    def after_save_instance(self, instance, row, **kwargs) -> None:
        if not instance.tenures.exists():
            Tenure.objects.create(
                pharmacy=instance, unit=instance.unit, starts_on=instance.opened_on
            )


def shop_headings() -> list[str]:
    """Return the headings of an exported list: the import knows each of them again."""
    return PharmacyResource().get_export_headers()


def shop_rows(shops) -> Iterator[list]:
    """Yield ``shops`` as rows for a sheet: days are days, all else is text."""
    resource = PharmacyResource()
    columns = resource.get_export_fields()
    for shop in shops.select_related("unit", "area").iterator(chunk_size=STREAMED):
        yield [_typed(column, shop) for column in columns]


def _typed(column: fields.Field, shop: Pharmacy):
    value = column.get_value(shop)
    return value if isinstance(value, date) else (column.export(shop) or None)


def shops_workbook(shops) -> bytes:
    """Return the shops as a typed .xlsx."""
    widths = [column.width for column in COLUMNS if column.code != "source_id"]
    return workbook([("药店名册", shop_headings(), shop_rows(shops))], widths=widths)


def shops_csv(shops) -> bytes:
    """Return the shops as a CSV that office programs read as UTF-8."""
    return csv_text(shop_headings(), shop_rows(shops))


# ------------------------------------------------------------------ of the import centre


def template_workbook(kind: SheetKind) -> bytes:
    """Return an empty sheet of this kind, with lists to choose from and a word on each column."""
    areas = tuple(Area.objects.order_by("order", "pk").values_list("name", flat=True))
    columns = []
    for column, example in zip(kind.columns, kind.example, strict=True):
        if column.code in kind.not_in_template:
            continue
        prompt = [column.how_to_write, f"{column.note}。" if column.note else ""]
        if example:
            prompt.append(f"例如：{example}")
        columns.append(
            FormColumn(
                column.label,
                prompt="\n".join(filter(None, prompt)),
                choices=areas if column.code == "area" else column.choices,
                width=column.width,
                is_required=column.is_required,
            )
        )
    required = "、".join(column.label for column in kind.columns if column.is_required)
    title = f"{kind.label}：一行一{kind.unit[0]}，{required}必填，其余没有就留空。点格子可看说明。"
    return form_workbook(kind.label, title, columns)


def error_workbook(batch: ImportBatch) -> bytes:
    """Return the rows that were not taken: as they were, the wrong cells tinted, and why."""
    return workbook(
        [("请改正", _error_headings(batch), _error_rows(batch, marked=True))],
        widths=[14] * len(batch.headings) + [8, 50, 50],
    )


def error_text(batch: ImportBatch) -> bytes:
    """Return the same as a CSV, for very many rows."""
    return csv_text(_error_headings(batch), _error_rows(batch, marked=False))


def _error_headings(batch: ImportBatch) -> list[str]:
    return [*batch.headings, *OWN_HEADINGS]


def _error_rows(batch: ImportBatch, *, marked: bool) -> Iterator[list]:
    width = len(batch.headings)
    for row in preview.wrong_rows(batch):
        cells: list = [*row.cells, *[""] * (width - len(row.cells))][:width]
        if marked:
            for at in {at for problem in row.problems for at in problem.at if at < width}:
                cells[at] = Marked(cells[at])
        named = [(p, f"{p.column}：" if p.column else "") for p in row.problems]
        reasons = "\n".join(f"{name}{problem.reason}" for problem, name in named)
        hints = "\n".join(f"{name}{problem.hint}" for problem, name in named if problem.hint)
        yield [*cells, row.number, reasons, hints]


def column_letter(at: int) -> str:
    """Return what office programs call the column at ``at``, counted from 0: A, B … AA."""
    return get_column_letter(at + 1)
