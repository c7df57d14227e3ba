"""From the lines of a sheet to a verdict on each row, set by set.

Nothing here loops over rows. Our rules (dates, codes, names) see each distinct text once and
leave their reading in ``ImportText``; all the rest the database does with whole sets. Every
function runs inside the transaction of the act that calls it.
"""

from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO

from django.db import connection
from psycopg2.sql import SQL, Composable, Identifier, Literal

from association.errors import BusinessRuleError
from association.sheet_layout import is_footer
from members.enums import Verdict
from members.models import ImportBatch, ImportLine, ImportRow, ImportText, ImportVerdict
from members.name_keys import folded, name_keys
from members.sheets import Column, SheetKind

UNIT = "\x1f"
# Above this many rows the planner, which has no statistics of fresh rows, must not loop.
LARGE = 2000
FETCHED = 5000
# No column of ours takes so long a text; more of it would not fit into an index.
LONGEST = 300
# What may be a sum or a signature; association.sheet_layout.is_footer looks at it again.
FOOTERS = (
    *("合", "总", "小计", "共计", "累计"),
    *("制表", "填表", "填报", "审核", "复核", "负责人", "单位", "打印"),
    *("备注", "注", "说明", "第"),
)
FOOTER_STARTS = f"^({'|'.join(FOOTERS)})"


def copy_lines(batch: ImportBatch, lines: IO[bytes]) -> int:
    """Put the lines of a sheet (``batch TAB number TAB cells``) into the database."""
    clear(batch)
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY members_importline (batch_id, number, cells) FROM STDIN", lines)
        return cursor.rowcount


def clear(batch: ImportBatch) -> None:
    """Drop everything that a batch has staged."""
    clear_reading(batch)
    _of(ImportLine, batch).delete()


def clear_reading(batch: ImportBatch) -> None:
    for model in (ImportVerdict, ImportRow, ImportText):
        _of(model, batch).delete()


def _of(model, batch: ImportBatch):
    return model.objects.filter(batch=batch)


# ------------------------------------------------------------------ reading


def read_rows(batch: ImportBatch, kind: SheetKind) -> int:
    """Read the batch by its mapping into ``ImportText`` and ``ImportRow``; return the rows."""
    clear_reading(batch)
    with connection.cursor() as cursor:
        _set_planner(cursor, batch.line_count)
        skipped = _rows_to_skip(cursor, batch)
        places = _read_texts(cursor, batch, kind, skipped)
        return _insert_rows(cursor, batch, kind, skipped, places)


def _set_planner(cursor, rows: int) -> None:
    cursor.execute("SET LOCAL work_mem = '64MB'")
    cursor.execute("SET LOCAL random_page_cost = 1.1")  # the register is in memory
    cursor.execute("SET LOCAL jit = off")  # compiling these queries costs more than running them
    if rows > LARGE:
        cursor.execute("SET LOCAL enable_nestloop = off")


def _rows_to_skip(cursor, batch: ImportBatch) -> list[int]:
    """Return the rows of sums and signatures, and headings that a page break has repeated."""
    cursor.execute(
        """
        SELECT number, cells FROM members_importline
        WHERE batch_id = %s AND number >= %s
          AND (ltrim(cells, chr(31)) ~ %s OR cells = (
                SELECT cells FROM members_importline WHERE batch_id = %s AND number = %s))
        """,
        [batch.pk, batch.first_row, FOOTER_STARTS, batch.pk, batch.header_row],
    )
    headings = [heading for heading in batch.headings if heading]
    skipped = []
    for number, line in cursor.fetchall():
        cells = line.split(UNIT)
        if is_footer(cells) or [cell for cell in cells if cell] == headings:
            skipped.append(number)
    return skipped


def _raw(batch: ImportBatch, column: Column) -> Composable | None:
    """Return the expression for the text of a column, NULL where the cells are blank."""
    at = batch.mapping.get(column.code)
    if not at:
        return None
    cells = [SQL("NULLIF(c[{}], '')").format(Literal(place + 1)) for place in at]
    text = cells[0]
    if len(cells) > 1:
        joined = SQL(", ").join([Literal(column.target.glue), *cells])
        text = SQL("NULLIF(concat_ws({}), '')").format(joined)
    return SQL("left({}, {})").format(text, Literal(LONGEST))


def _mapped(batch: ImportBatch, kind: SheetKind) -> list[tuple[int, Column, Composable]]:
    found = []
    for place, column in enumerate(kind.columns, 1):
        raw = _raw(batch, column)
        if raw is not None:
            found.append((place, column, raw))
    return found


# What each mapped column says: v1, v2 … by the place of the column. Materialised, so that no
# plan splits a line twice; OFFSET 0 for the same reason.
SAID = SQL(
    """
    WITH said AS MATERIALIZED (
      SELECT l.number, {said}
      FROM members_importline l
      CROSS JOIN LATERAL (SELECT string_to_array(l.cells, chr(31)) AS c OFFSET 0) s
      WHERE l.batch_id = %(batch)s AND l.number >= %(first)s
        AND l.number <> ALL(%(skipped)s::int[])
    )
    """
)


def _said(batch: ImportBatch, kind: SheetKind) -> Composable:
    columns = [SQL("{} AS {}").format(raw, _name(place)) for place, _, raw in _mapped(batch, kind)]
    return SAID.format(said=SQL(", ").join(columns))


def _name(place: int, letter: str = "v") -> Identifier:
    return Identifier(f"{letter}{place}")


def _read_texts(cursor, batch: ImportBatch, kind: SheetKind, skipped: list[int]) -> set[int]:
    """Let our rules read each distinct text; return the columns that have readings."""
    texts = []
    for place, column, _raw in _mapped(batch, kind):
        said = _name(place)
        condition = SQL("{} IS NOT NULL").format(said)
        if column.plain and not column.keys:
            condition = SQL("(length({said}) > {longest} OR {said} !~ {plain})").format(
                said=said, longest=Literal(column.longest), plain=Literal(column.plain)
            )
        texts.append(
            SQL("SELECT DISTINCT {}, {} FROM said WHERE {}").format(Literal(place), said, condition)
        )
    query = _said(batch, kind) + SQL(" UNION ALL ").join(texts)
    places: set[int] = set()
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as readings:
        with connection.chunked_cursor() as found:
            found.execute(query, _wanted(batch, skipped))
            for place, text in _fetched(found):
                places.add(place)
                readings.write(_copied(batch.pk, place, text, kind.columns[place - 1]))
        readings.seek(0)
        cursor.copy_expert(
            "COPY members_importtext"
            " (batch_id, place, text, value, folded, initials, sort, reason, hint) FROM STDIN",
            readings,
        )
    return places


def _wanted(batch: ImportBatch, skipped: list[int]) -> dict:
    return {"batch": batch.pk, "first": batch.first_row, "skipped": skipped}


def _fetched(cursor) -> Iterator[tuple]:
    while rows := cursor.fetchmany(FETCHED):
        yield from rows


def _copied(batch: int, place: int, text: str, column: Column) -> str:
    """Return the line for COPY; texts hold no tabs and no line ends, the reader saw to that."""
    fields: Iterable[str | None] = (text, *_reading(column, text))
    if "\\" in text:
        fields = [field and field.replace("\\", "\\\\") for field in fields]
    line = "\t".join(["\\N" if field is None else field for field in fields])
    return f"{batch}\t{place}\t{line}\n"


def _reading(column: Column, text: str) -> tuple[str | None, str, str, str, str, str]:
    """Return value, folded, initials, sort, reason and hint."""
    try:
        value = column.read(text)
    except BusinessRuleError as error:
        hint = getattr(error, "hint", "") or column.how_to_write
        return None, "", "", "", str(error), hint
    if value is None:
        return None, "", "", "", "", ""
    if column.keys:
        return (value, *name_keys(value), "", "")
    return value, folded(value) if column.folds else "", "", "", "", ""


def _insert_rows(
    cursor, batch: ImportBatch, kind: SheetKind, skipped: list[int], places: set[int]
) -> int:
    mapped = {place for place, _, _ in _mapped(batch, kind)}
    values, joins, readable = [], [], []
    for place in range(1, len(kind.columns) + 1):
        said, read = _name(place), _name(place, "t")
        if place not in mapped:
            values.append(SQL("NULL"))
        elif place not in places:
            values.append(said)
        else:
            joins.append(
                SQL(
                    " LEFT JOIN members_importtext {read} ON {read}.batch_id = %(batch)s"
                    " AND {read}.place = {place} AND {read}.text = {said}"
                ).format(read=read, place=Literal(place), said=said)
            )
            values.append(
                SQL("CASE WHEN {read}.text IS NULL THEN {said} ELSE {read}.value END").format(
                    read=read, said=said
                )
            )
            readable.append(SQL("coalesce({}.reason, '') = ''").format(read))
    query = SQL(
        "{with_said} INSERT INTO members_importrow (batch_id, number, values, is_readable)"
        " SELECT %(batch)s, number, ARRAY[{values}]::text[], {readable}"
        " FROM said{joins} WHERE num_nonnulls({said}) > 0"
    ).format(
        with_said=_said(batch, kind),
        values=SQL(", ").join(values),
        readable=SQL(" AND ").join(readable) if readable else SQL("true"),
        joins=SQL("").join(joins),
        said=SQL(", ").join(_name(place) for place in sorted(mapped)),
    )
    cursor.execute(query, _wanted(batch, skipped))
    return cursor.rowcount


# ------------------------------------------------------------------ judging

# What a person confirms. Numbers that are only reserved (of new records) do not count.
DIGEST = SQL(
    "coalesce(bit_xor(hashtextextended(concat_ws('|', number, verdict,"
    " CASE WHEN verdict <> 'new' THEN target END, CASE WHEN NOT makes_parent THEN parent END,"
    " before::text, faults::text), 0)), 0)::text || ':' || count(*)::text"
)
JUDGED = SQL("number, verdict, target, parent, makes_parent, before, faults")


def judge(batch: ImportBatch, kind: SheetKind) -> tuple[dict[str, int], str]:
    """Judge every row against the register; return how many of each, and the digest.

    ``kind.verdicts(batch)`` is a query, with its parameters, that returns for each row
    ``number, verdict, target, parent, makes_parent, before, faults``.
    """
    _of(ImportVerdict, batch).delete()
    query, params = kind.verdicts(batch)
    with connection.cursor() as cursor:
        _set_planner(cursor, batch.line_count)
        cursor.execute(
            SQL(
                "INSERT INTO members_importverdict (batch_id, {judged})"
                " SELECT %(batch)s, {judged} FROM ({query}) AS judged"
            ).format(judged=JUDGED, query=query),
            params | {"batch": batch.pk},
        )
        cursor.execute(
            "SELECT verdict, count(*) FROM members_importverdict WHERE batch_id = %s GROUP BY 1",
            [batch.pk],
        )
        counts = dict.fromkeys(Verdict.values, 0) | dict(cursor.fetchall())
        cursor.execute(
            SQL("SELECT {} FROM members_importverdict WHERE batch_id = %s").format(DIGEST),
            [batch.pk],
        )
        return counts, cursor.fetchone()[0]


def digest_now(batch: ImportBatch, kind: SheetKind) -> str:
    """Return the digest that a judgement would have now, without writing one."""
    query, params = kind.verdicts(batch)
    with connection.cursor() as cursor:
        _set_planner(cursor, batch.line_count)
        cursor.execute(
            SQL("SELECT {} FROM ({}) AS judged").format(DIGEST, query),
            params | {"batch": batch.pk},
        )
        return cursor.fetchone()[0]


# ------------------------------------------------------------------ for the pages


def reasons_of(batch: ImportBatch, texts: Iterable[tuple[int, str]]) -> dict:
    """Return ``(place, text) → (reason, hint)`` for those texts that could not be read."""
    wanted = list(texts)
    if not wanted:
        return {}
    found = (
        _of(ImportText, batch)
        .filter(place__in={place for place, _ in wanted}, text__in={text for _, text in wanted})
        .exclude(reason="")
        .values_list("place", "text", "reason", "hint")
    )
    return {(place, text): (reason, hint) for place, text, reason, hint in found}


def raw_texts(batch: ImportBatch, kind: SheetKind, cells: Sequence[str]) -> dict[int, str]:
    """Return place → what the cells of a line say there, as ``read_rows`` saw it."""
    texts = {}
    for place, column in enumerate(kind.columns, 1):
        parts = [cells[at] for at in batch.mapping.get(column.code, ()) if at < len(cells)]
        if text := column.target.glue.join(part for part in parts if part):
            texts[place] = text[:LONGEST]
    return texts
