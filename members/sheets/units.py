"""The sheet of companies (会员单位名册): one row one member unit.

Which company a row speaks of is told by its credit code, else by its name where only one
company on file is called so. A blank cell says nothing.
"""

from datetime import datetime

from django.db import connection
from psycopg2.sql import SQL, Literal

from accounts.roles import Permission
from association.sheet_layout import Target
from members.enums import UnitKind
from members.models import ImportBatch, MemberUnit
from members.name_keys import name_keys
from members.sheets import Column, SheetKind, Undone, values
from members.sheets.shop_columns import KIND_WORDS, PLAIN_PHONE
from members.sheets.shop_register import LOCK
from members.sheets.undoing import CHANGED_SINCE, LEFT_SHOWN, holders, not_held, why_held

COLUMNS = (
    Column(
        Target(
            "name",
            "单位名称",
            (
                "单位名称",
                "会员单位",
                "会员单位名称",
                "会员名称",
                "企业名称",
                "公司名称",
                "名称",
                "单位",
            ),
        ),
        values.words("单位名称", 100),
        how_to_write="照营业执照填写全称。",
        keys=True,
        longest=100,
        is_required=True,
        width=34,
    ),
    Column(
        Target("kind", "类型", ("类型", "单位类型", "企业类型", "经营方式", "连锁或单体")),
        values.choice("类型", KIND_WORDS, "“连锁企业”或“单体药店”"),
        how_to_write="填“连锁企业”或“单体药店”。",
        choices=tuple(UnitKind.labels),
        labels=dict(UnitKind.choices),
        width=12,
    ),
    Column(
        Target(
            "credit_code",
            "统一社会信用代码",
            ("统一社会信用代码", "社会信用代码", "信用代码", "统一代码", "营业执照号"),
        ),
        values.credit_code,
        how_to_write="照营业执照填 18 位代码；暂时没有可以留空。",
        width=22,
    ),
    Column(
        Target("joined_on", "入会日期", ("入会日期", "入会时间", "加入日期", "入会年月")),
        values.day,
        how_to_write="写成 2026-03-05 的样子。",
        width=14,
    ),
    Column(
        Target("contact_name", "联系人", ("联系人", "联系人姓名", "负责人", "法定代表人", "姓名")),
        values.words("联系人", 50),
        plain="^[㐀-䶿一-鿿]+$",
        longest=50,
        width=12,
    ),
    Column(
        Target(
            "contact_phone",
            "联系电话",
            ("联系电话", "联系人电话", "电话", "手机", "手机号", "手机号码", "联系方式"),
        ),
        values.phone(40),
        plain=PLAIN_PHONE,
        longest=40,
        width=16,
    ),
)
PLACE = {column.code: at for at, column in enumerate(COLUMNS, 1)}

FAULTS = {
    "unreadable": ("有的格子读不懂。", ""),
    "missing": ("没有单位名称。", "照营业执照填写全称。"),
    "same_named": ("有 {0} 家会员单位都叫这个名称。", "加上统一社会信用代码。"),
    "other_code": (
        "名册上这家的信用代码是 {0}。",
        "核对代码；不是同一家的话，名称要写得可以区分。",
    ),
    "repeated": ("与第 {0} 行是同一家单位。", "只留一行。"),
}

_AT = {code: SQL("r.values[{}]").format(Literal(place)) for code, place in PLACE.items()}
_WAS = {f"{code}_was": SQL("v.before[{}]").format(Literal(at)) for code, at in PLACE.items()}
_PLACES = {f"{code}_place": Literal(place) for code, place in PLACE.items()}

VERDICTS = SQL(
    """
WITH r AS MATERIALIZED (
  SELECT r.number, r.values, r.is_readable, {credit_code} AS code, n.folded AS name_key
  FROM members_importrow r
  LEFT JOIN members_importtext n
    ON n.batch_id = %(batch)s AND n.place = {name_place} AND n.text = {name}
  WHERE r.batch_id = %(batch)s
),
by_name AS (
  SELECT r.number, count(*) AS hits, min(u.id) AS id
  FROM r JOIN members_memberunit u ON u.name_folded = r.name_key
  WHERE NOT EXISTS (SELECT 1 FROM members_memberunit c WHERE c.credit_code = r.code)
  GROUP BY r.number
),
told AS MATERIALIZED (
  SELECT r.number, r.code, r.name_key, coalesce(c.id, CASE WHEN b.hits = 1 THEN b.id END) AS target,
    CASE WHEN c.id IS NULL AND b.hits > 1 THEN b.hits END AS hits
  FROM r
  LEFT JOIN members_memberunit c ON c.credit_code = r.code
  LEFT JOIN by_name b ON b.number = r.number
),
again AS (
  SELECT number, min(first) AS first FROM (
    SELECT t.number, d.first FROM told t JOIN (
      SELECT target, min(number) AS first FROM told
      WHERE target IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    ) d ON d.target = t.target
    UNION ALL
    SELECT t.number, d.first FROM told t JOIN (
      SELECT code, min(number) AS first FROM told
      WHERE code IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    ) d ON d.code = t.code
    UNION ALL
    SELECT t.number, d.first FROM told t JOIN (
      SELECT name_key, min(number) AS first FROM told
      WHERE name_key IS NOT NULL AND code IS NULL GROUP BY 1 HAVING count(*) > 1
    ) d ON d.name_key = t.name_key AND t.code IS NULL
  ) twice GROUP BY number
),
judged AS (
  SELECT t.number, t.target,
    CASE WHEN u.id IS NOT NULL THEN ARRAY[
      CASE WHEN {name} <> u.name THEN u.name END,
      CASE WHEN {kind} <> u.kind THEN u.kind END,
      CASE WHEN t.code IS NOT NULL AND u.credit_code IS NULL THEN '' END,
      CASE WHEN {joined_on} <> coalesce(u.joined_on::text, '')
        THEN coalesce(u.joined_on::text, '') END,
      CASE WHEN {contact_name} <> u.contact_name THEN u.contact_name END,
      CASE WHEN {contact_phone} <> u.contact_phone THEN u.contact_phone END
    ]::text[] END AS before,
    array_remove(ARRAY[
      CASE WHEN NOT r.is_readable THEN jsonb_build_array('', 'unreadable') END,
      CASE WHEN r.is_readable AND {name} IS NULL THEN jsonb_build_array('name', 'missing') END,
      CASE WHEN t.hits IS NOT NULL
        THEN jsonb_build_array('name', 'same_named', t.hits::text) END,
      CASE WHEN t.code <> u.credit_code
        THEN jsonb_build_array('credit_code', 'other_code', u.credit_code) END,
      CASE WHEN g.number > g.first THEN jsonb_build_array('', 'repeated', g.first::text) END
    ], NULL) AS faults
  FROM told t
  JOIN r ON r.number = t.number
  LEFT JOIN members_memberunit u ON u.id = t.target
  LEFT JOIN again g ON g.number = t.number
)
SELECT number, v.verdict,
  CASE WHEN v.verdict = 'new' THEN nextval(pg_get_serial_sequence('members_memberunit', 'id'))
    ELSE target END AS target,
  NULL::bigint AS parent, false AS makes_parent,
  CASE WHEN v.verdict = 'changed' THEN before END AS before,
  CASE WHEN v.verdict = 'error' THEN to_jsonb(faults) END AS faults
FROM judged CROSS JOIN LATERAL (
  SELECT CASE
    WHEN cardinality(faults) > 0 THEN 'error'
    WHEN target IS NULL THEN 'new'
    WHEN num_nonnulls(VARIADIC before) > 0 THEN 'changed'
    ELSE 'same'
  END AS verdict OFFSET 0
) v
"""
).format(**_AT, **_PLACES)

ADD_UNITS = SQL(
    """
    INSERT INTO members_memberunit (id, name, kind, credit_code, joined_on, contact_name,
      contact_phone, name_folded, name_initials, name_sort, updated_at)
    SELECT v.target, n.value, coalesce({kind}, %(single)s), {credit_code}, {joined_on}::date,
      coalesce({contact_name}, ''), coalesce({contact_phone}, ''),
      n.folded, n.initials, n.sort, %(now)s
    FROM members_importverdict v
    JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
    JOIN members_importtext n
      ON n.batch_id = %(batch)s AND n.place = {name_place} AND n.text = {name}
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new'
    ORDER BY v.number
    """
).format(**_AT, **_PLACES)

CHANGE_UNITS = SQL(
    """
    UPDATE members_memberunit u SET
      name = CASE WHEN {name_was} IS NULL THEN u.name ELSE n.value END,
      name_folded = CASE WHEN {name_was} IS NULL THEN u.name_folded ELSE n.folded END,
      name_initials = CASE WHEN {name_was} IS NULL THEN u.name_initials ELSE n.initials END,
      name_sort = CASE WHEN {name_was} IS NULL THEN u.name_sort ELSE n.sort END,
      kind = CASE WHEN {kind_was} IS NULL THEN u.kind ELSE {kind} END,
      credit_code = CASE WHEN {credit_code_was} IS NULL THEN u.credit_code ELSE {credit_code} END,
      joined_on = CASE WHEN {joined_on_was} IS NULL THEN u.joined_on ELSE {joined_on}::date END,
      contact_name = CASE WHEN {contact_name_was} IS NULL THEN u.contact_name
        ELSE {contact_name} END,
      contact_phone = CASE WHEN {contact_phone_was} IS NULL THEN u.contact_phone
        ELSE {contact_phone} END,
      updated_at = %(now)s
    FROM members_importverdict v
    JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
    JOIN members_importtext n
      ON n.batch_id = %(batch)s AND n.place = {name_place} AND n.text = {name}
    WHERE v.batch_id = %(batch)s AND v.verdict = 'changed' AND u.id = v.target
    """
).format(**_AT, **_WAS, **_PLACES)

REMOVE_UNITS = """
    DELETE FROM members_memberunit u USING members_importverdict v
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new' AND u.id = v.target
      AND u.updated_at = %(committed)s AND {free}
"""
LEFT_UNITS = """
    SELECT v.number, u.name, CASE WHEN u.updated_at <> %(committed)s THEN %(since)s ELSE {why} END
    FROM members_importverdict v JOIN members_memberunit u ON u.id = v.target
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new' ORDER BY v.number
"""
RESTORE = SQL(
    """
    UPDATE members_memberunit u SET
      name = coalesce({name_was}, u.name),
      name_folded = coalesce(k.folded, u.name_folded),
      name_initials = coalesce(k.initials, u.name_initials),
      name_sort = coalesce(k.sort, u.name_sort),
      kind = coalesce({kind_was}, u.kind),
      credit_code = CASE WHEN {credit_code_was} IS NULL THEN u.credit_code
        ELSE NULLIF({credit_code_was}, '') END,
      joined_on = CASE WHEN {joined_on_was} IS NULL THEN u.joined_on
        ELSE NULLIF({joined_on_was}, '')::date END,
      contact_name = coalesce({contact_name_was}, u.contact_name),
      contact_phone = coalesce({contact_phone_was}, u.contact_phone),
      updated_at = %(now)s
    FROM members_importverdict v
    LEFT JOIN unnest(%(names)s::text[], %(folded)s::text[], %(initials)s::text[], %(sort)s::text[])
      AS k(value, folded, initials, sort) ON k.value = {name_was}
    WHERE v.batch_id = %(batch)s AND v.verdict = 'changed' AND u.id = v.target
      AND u.updated_at = %(committed)s
    """
).format(**_WAS)
LEFT_CHANGED = """
    SELECT v.number, u.name, %(since)s
    FROM members_importverdict v JOIN members_memberunit u ON u.id = v.target
    WHERE v.batch_id = %(batch)s AND v.verdict = 'changed' AND u.updated_at <> %(committed)s
    ORDER BY v.number
"""


def verdicts(batch: ImportBatch):
    """Return the query that judges each row of a sheet of companies, and its parameters."""
    return VERDICTS, {}


def write(batch: ImportBatch, *, now: datetime) -> dict[str, int]:
    """Write the good rows of a judged batch."""
    params = {"batch": batch.pk, "now": now, "single": UnitKind.SINGLE.value}
    counts = {}
    with connection.cursor() as cursor:
        for name, statement in (("new", ADD_UNITS), ("changed", CHANGE_UNITS)):
            cursor.execute(statement, params)
            counts[name] = cursor.rowcount
    return counts


def undo(batch: ImportBatch, *, now: datetime) -> Undone:
    """Take back what the batch wrote, but for companies that somebody has touched since."""
    tables = holders(MemberUnit)
    params = {
        "batch": batch.pk,
        "committed": batch.committed_at,
        "now": now,
        "since": CHANGED_SINCE,
        **_old_names(batch),
    }
    counts, left = {}, []
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(LEFT_CHANGED, params)
        left += cursor.fetchmany(LEFT_SHOWN)
        counts["left"] = max(cursor.rowcount, 0)
        cursor.execute(RESTORE, params)
        counts["changed"] = cursor.rowcount
        cursor.execute(SQL(REMOVE_UNITS).format(free=not_held(tables, SQL("u.id"))), params)
        counts["new"] = cursor.rowcount
        cursor.execute(SQL(LEFT_UNITS).format(why=why_held(tables, SQL("u.id"))), params)
        left += cursor.fetchmany(LEFT_SHOWN)
        counts["left"] += max(cursor.rowcount, 0)
    return Undone(counts, [tuple(row) for row in left[:LEFT_SHOWN]])


def _old_names(batch: ImportBatch) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT before[%s] FROM members_importverdict"
            " WHERE batch_id = %s AND verdict = 'changed' AND before[%s] IS NOT NULL",
            [PLACE["name"], batch.pk, PLACE["name"]],
        )
        names = [name for (name,) in cursor.fetchall()]
    keys = [name_keys(name) for name in names]
    return {
        "names": names,
        "folded": [key[0] for key in keys],
        "initials": [key[1] for key in keys],
        "sort": [key[2] for key in keys],
    }


def title(said, texts) -> tuple[str, str]:
    """Return the company's name, and its credit code beside it."""

    def shown(code: str) -> str:
        return said[PLACE[code] - 1] or texts.get(PLACE[code], "")

    return shown("name"), shown("credit_code")


UNITS = SheetKind(
    code="units",
    label="会员单位名册",
    unit="家单位",
    record="会员单位",
    permission=Permission.PHARMACY_IMPORT,
    columns=COLUMNS,
    faults=FAULTS,
    verdicts=verdicts,
    title=title,
    in_title=frozenset({"name", "credit_code"}),
    write=write,
    undo=undo,
    lock=LOCK,
    page="members:unit",
    keys=("统一社会信用代码", "单位名称"),
    example=(
        "示例医药连锁有限公司",
        "连锁企业",
        "",
        "2024-01-01",
        "李某",
        "000-6123456",
    ),
)
