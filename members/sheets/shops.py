"""The sheet of shops (药店名册): one row one shop, with the company that runs it.

Which shop a row speaks of is told by the first of these that it gives and that finds one: the
portal's own number, the number of another register, the licence, and at last company, name and
address. A blank cell says nothing: it never takes away what is on file.
"""

import json

from django.db import connection
from psycopg2.sql import SQL, Literal

from accounts.models import Area
from accounts.roles import Permission
from association.sheet_cells import fold
from members.enums import PharmacyStatus
from members.models import ImportBatch, ImportText
from members.sheets import SheetKind
from members.sheets.shop_columns import COLUMNS, PLACE
from members.sheets.shop_register import LOCK, undo, write

FAULTS = {
    "unreadable": ("有的格子读不懂。", ""),
    "missing": ("没有门店名称。", "照许可证填写全称。"),
    "unknown": ("系统里没有编号为 {0} 的药店。", "新药店把系统编号留空。"),
    "two_names": ("同一个信用代码写了不同的单位名称。", "核对代码，或统一单位名称。"),
    "several_codes": ("同一个单位名称写了不同的信用代码。", "核对代码。"),
    "code_of_other": ("这个信用代码登记的单位是“{0}”。", "核对代码；单位改名请在单位页修改。"),
    "same_named_units": ("有 {0} 家会员单位都叫这个名称。", "加上统一社会信用代码。"),
    "same_named_shops": ("名册上有 {0} 家同名的药店。", "加上许可证号或地址。"),
    "moved": (
        "这家店登记在“{0}”名下。",
        "写错了请改表；换了经营主体请在门店页办理变更。",
    ),
    "renumbered": (
        "编号 {0} 在名册上是“{1}”，店名和地址都不同。",
        "编号如果重排过，请把编号列改为不导入。",
    ),
    "licence_taken": ("许可证号已登记在“{0}”名下。", "核对证号。"),
    "source_taken": ("来源编号已登记在“{0}”名下。", "核对编号。"),
    "twin": ("改成这样就与“{0}”同名同址。", "把店名或地址写得可以区分。"),
    "repeated": ("与第 {0} 行是同一家药店。", "只留一行。"),
    "contradicts": ("与第 {0} 行是同一家药店，内容却不同。", "核对后只留对的一行。"),
    "status": ("名册上是“{0}”。", "停业、注销和恢复请在门店页办理，并写明原因。"),
}


# Each step carries only what the next ones need: with 200,000 rows, width is what costs.
VERDICTS = """
WITH r AS MATERIALIZED (
  SELECT r.number, {own_id}::bigint AS own, {source_id} AS source_id, {credit_code} AS code,
    {licence_number} AS licence, n.folded AS name_key, coalesce(u.folded, n.folded) AS unit_key,
    coalesce(d.folded, {address}) AS address_key,
    {unit_name} IS NOT NULL AS names_unit,
    {unit_name} IS NOT NULL OR {credit_code} IS NOT NULL AS says_unit
  FROM members_importrow r
  LEFT JOIN members_importtext n
    ON n.batch_id = %(batch)s AND n.place = {name_place} AND n.text = {name}
  LEFT JOIN members_importtext u
    ON u.batch_id = %(batch)s AND u.place = {unit_name_place} AND u.text = {unit_name}
  LEFT JOIN members_importtext d
    ON d.batch_id = %(batch)s AND d.place = {address_place} AND d.text = {address}
  WHERE r.batch_id = %(batch)s
),
-- which company a row means
pairs AS MATERIALIZED (
  SELECT DISTINCT unit_key, coalesce(code, '') AS code, names_unit FROM r
  WHERE unit_key IS NOT NULL
),
codes_of_names AS MATERIALIZED (
  SELECT unit_key, min(code) AS code, min(code) <> max(code) AS are_several
  FROM pairs WHERE code <> '' GROUP BY unit_key
),
names_of_codes AS (
  SELECT code FROM pairs WHERE code <> '' GROUP BY code HAVING min(unit_key) <> max(unit_key)
),
sure AS MATERIALIZED (
  SELECT p.unit_key, p.code, p.names_unit, c.are_several,
    CASE WHEN p.code = '' AND NOT c.are_several THEN c.code ELSE p.code END AS sure
  FROM pairs p LEFT JOIN codes_of_names c ON c.unit_key = p.unit_key
),
by_name AS (
  SELECT s.unit_key, s.sure, count(*) AS hits, min(u.id) AS id
  FROM (SELECT DISTINCT unit_key, sure FROM sure) s
  JOIN members_memberunit u
    ON u.name_folded = s.unit_key AND (s.sure = '' OR u.credit_code IS NULL)
  GROUP BY 1, 2
),
units AS MATERIALIZED (
  SELECT s.unit_key, s.code, s.names_unit,
    CASE WHEN s.sure <> '' THEN 'c' || s.sure ELSE 'n' || s.unit_key END AS key,
    CASE WHEN c.id IS NOT NULL THEN c.id WHEN b.hits = 1 THEN b.id END AS id,
    CASE
      WHEN t.code IS NOT NULL THEN jsonb_build_array('credit_code', 'two_names')
      WHEN c.id IS NOT NULL AND s.names_unit AND c.name_folded <> s.unit_key
        THEN jsonb_build_array('credit_code', 'code_of_other', c.name)
      WHEN c.id IS NULL AND b.hits = 1 AND s.are_several
        THEN jsonb_build_array('credit_code', 'several_codes')
      WHEN c.id IS NULL AND b.hits > 1
        THEN jsonb_build_array('unit_name', 'same_named_units', b.hits::text)
    END AS fault
  FROM sure s
  LEFT JOIN members_memberunit c ON c.credit_code = NULLIF(s.sure, '')
  LEFT JOIN by_name b ON b.unit_key = s.unit_key AND b.sure = s.sure
  LEFT JOIN names_of_codes t ON t.code = s.sure
),
new_units AS MATERIALIZED (
  SELECT key, nextval(pg_get_serial_sequence('members_memberunit', 'id')) AS id
  FROM (SELECT DISTINCT key FROM units WHERE id IS NULL AND fault IS NULL) k
),
-- which shop it means, told by a number
keyed AS MATERIALIZED (
  SELECT r.number, r.own, r.source_id, r.licence, r.name_key, r.address_key,
    r.unit_key, r.code, r.names_unit, r.says_unit,
    u.id AS unit_id, u.fault AS unit_fault, m.id AS new_unit_id,
    o.id AS own_pk, s.id AS source_pk, l.id AS licence_pk, coalesce(o.id, s.id, l.id) AS key_pk
  FROM r
  LEFT JOIN units u ON u.unit_key = r.unit_key AND u.code = coalesce(r.code, '')
    AND u.names_unit = r.names_unit
  LEFT JOIN new_units m ON m.key = CASE WHEN u.id IS NULL AND u.fault IS NULL THEN u.key END
  LEFT JOIN members_pharmacy o ON {has_own_id} AND o.id = r.own
  LEFT JOIN members_pharmacy s ON {has_source_id}
    AND s.source = %(source)s AND s.source_id = r.source_id AND s.source_id <> ''
  LEFT JOIN members_pharmacy l ON {has_licence_number} AND l.licence_number = r.licence
),
-- … or by company, name and address; a missing address leaves it to the name
by_place AS (
  SELECT k.number,
    count(*) FILTER (WHERE p.address_folded = coalesce(k.address_key, '')) AS exact,
    min(p.id) FILTER (WHERE p.address_folded = coalesce(k.address_key, '')) AS exact_pk,
    count(*) AS near, min(p.id) AS near_pk
  FROM keyed k JOIN members_pharmacy p ON p.name_folded = k.name_key
  WHERE k.key_pk IS NULL
    AND (k.address_key IS NULL OR p.address_folded IN (k.address_key, ''))
    AND (NOT k.says_unit OR p.unit_id = k.unit_id)
  GROUP BY k.number
),
told AS (
  SELECT k.*,
    coalesce(k.key_pk,
      CASE WHEN b.exact = 1 THEN b.exact_pk WHEN b.exact = 0 AND b.near = 1 THEN b.near_pk END
    ) AS target,
    CASE WHEN b.exact > 1 THEN b.exact WHEN b.exact = 0 AND b.near > 1 THEN b.near END AS hits
  FROM keyed k LEFT JOIN by_place b ON b.number = k.number
),
beside AS MATERIALIZED (
  SELECT t.*, coalesce(p.unit_id, t.unit_id, t.new_unit_id) AS place_unit,
    coalesce(t.address_key, p.address_folded, '') AS place_address,
    -- what the row says about the company fits the one on file, even where two are named alike
    NOT t.says_unit OR coalesce(t.unit_id = p.unit_id, false)
      OR (NOT t.names_unit OR t.unit_key = pu.name_folded)
        AND (t.code IS NULL OR t.code = coalesce(pu.credit_code,
          CASE WHEN t.unit_fault IS NULL THEN t.code END)) AS fits_unit
  FROM told t
  LEFT JOIN members_pharmacy p ON p.id = t.target
  LEFT JOIN members_memberunit pu ON pu.id = p.unit_id
),
-- the same shop twice in the sheet
again AS MATERIALIZED (
  SELECT number, min(first) AS first FROM (
    SELECT b.number, t.first FROM beside b JOIN (
      SELECT target, min(number) AS first FROM beside
      WHERE target IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    ) t ON t.target = b.target
    UNION ALL
    SELECT b.number, t.first FROM beside b JOIN (
      SELECT source_id, min(number) AS first FROM beside
      WHERE {has_source_id} AND source_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    ) t ON t.source_id = b.source_id
    UNION ALL
    SELECT b.number, t.first FROM beside b JOIN (
      SELECT licence, min(number) AS first FROM beside
      WHERE {has_licence_number} AND licence IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    ) t ON t.licence = b.licence
    UNION ALL
    SELECT b.number, t.first FROM beside b JOIN (
      SELECT place_unit, name_key, place_address, min(number) AS first FROM beside
      WHERE place_unit IS NOT NULL AND name_key IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1
    ) t ON t.place_unit = b.place_unit AND t.name_key = b.name_key
      AND t.place_address = b.place_address
  ) twice GROUP BY number
),
contradicting AS (
  SELECT g.first FROM again g
  JOIN members_importrow a ON a.batch_id = %(batch)s AND a.number = g.number
  JOIN members_importrow z ON z.batch_id = %(batch)s AND z.number = g.first
  GROUP BY g.first HAVING bool_or(a.values IS DISTINCT FROM z.values)
),
judged AS (
  SELECT b.number, b.target, b.place_unit AS parent,
    b.target IS NULL AND b.unit_id IS NULL AS makes_parent,
    CASE WHEN p.id IS NOT NULL THEN ARRAY[
      NULL,
      CASE WHEN b.source_id <> p.source_id AND p.source IN ('', %(source)s) THEN p.source_id END,
      NULL,
      CASE WHEN b.code IS NOT NULL AND pu.credit_code IS NULL AND b.unit_fault IS NULL
        AND b.fits_unit THEN '' END,
      NULL,
      CASE WHEN {name} <> p.name THEN p.name END,
      CASE WHEN a.id <> coalesce(p.area_id, 0)
        THEN coalesce((SELECT name FROM accounts_area WHERE id = p.area_id), '') END,
      CASE WHEN {address} <> p.address THEN p.address END,
      CASE WHEN {phone} <> p.phone THEN p.phone END,
      CASE WHEN b.licence <> coalesce(p.licence_number, '')
        THEN coalesce(p.licence_number, '') END,
      CASE WHEN {licence_expires_on} <> coalesce(p.licence_expires_on::text, '')
        THEN coalesce(p.licence_expires_on::text, '') END,
      CASE WHEN {joined_on} <> coalesce(p.joined_on::text, '')
        THEN coalesce(p.joined_on::text, '') END,
      CASE WHEN {opened_on} <> coalesce(p.opened_on::text, '')
        THEN coalesce(p.opened_on::text, '') END,
      NULL
    ]::text[] END AS before,
    array_remove(ARRAY[
      CASE WHEN NOT r.is_readable THEN jsonb_build_array('', 'unreadable') END,
      CASE WHEN r.is_readable AND {name} IS NULL THEN jsonb_build_array('name', 'missing') END,
      CASE WHEN b.own IS NOT NULL AND b.own_pk IS NULL
        THEN jsonb_build_array('own_id', 'unknown', b.own::text) END,
      CASE WHEN b.target IS NULL OR NOT coalesce(b.fits_unit, false) THEN b.unit_fault END,
      CASE WHEN b.hits IS NOT NULL
        THEN jsonb_build_array('name', 'same_named_shops', b.hits::text) END,
      CASE WHEN p.id IS NOT NULL AND b.unit_fault IS NULL AND NOT coalesce(b.fits_unit, false)
        THEN jsonb_build_array('unit_name', 'moved', pu.name) END,
      CASE WHEN b.own_pk IS NULL AND b.source_pk IS NOT NULL AND b.name_key <> p.name_folded
        AND b.address_key <> p.address_folded AND b.licence_pk IS DISTINCT FROM p.id
        THEN jsonb_build_array('source_id', 'renumbered', b.source_id, p.name) END,
      CASE WHEN b.licence_pk <> b.target THEN jsonb_build_array('licence_number', 'licence_taken',
        (SELECT name FROM members_pharmacy WHERE id = b.licence_pk)) END,
      CASE WHEN b.source_pk <> b.target THEN jsonb_build_array('source_id', 'source_taken',
        (SELECT name FROM members_pharmacy WHERE id = b.source_pk)) END,
      CASE WHEN tw.id IS NOT NULL THEN jsonb_build_array('name', 'twin', tw.name) END,
      CASE WHEN g.number > g.first OR c.first IS NOT NULL THEN jsonb_build_array('',
        CASE WHEN c.first IS NOT NULL THEN 'contradicts' ELSE 'repeated' END,
        (CASE WHEN g.number > g.first THEN g.first ELSE
          (SELECT min(o.number) FROM again o WHERE o.first = g.first AND o.number > g.first)
        END)::text) END,
      CASE WHEN {status} <> p.status THEN jsonb_build_array('status', 'status',
        (%(status_words)s::jsonb)->>p.status) END
    ], NULL) AS faults
  FROM beside b
  JOIN members_importrow r ON r.batch_id = %(batch)s AND r.number = b.number
  LEFT JOIN members_pharmacy p ON p.id = b.target
  LEFT JOIN members_memberunit pu ON pu.id = p.unit_id
  LEFT JOIN unnest(%(area_texts)s::text[], %(area_ids)s::bigint[]) AS a(text, id)
    ON a.text = {area}
  LEFT JOIN again g ON g.number = b.number
  LEFT JOIN contradicting c ON c.first = g.first
  LEFT JOIN members_pharmacy tw ON tw.id <> p.id
    AND (b.name_key <> p.name_folded OR b.address_key <> p.address_folded)
    AND tw.unit_id = b.place_unit AND tw.name_folded = b.name_key
    AND tw.address_folded = b.place_address
)
SELECT number, v.verdict,
  CASE WHEN v.verdict = 'new' THEN nextval(pg_get_serial_sequence('members_pharmacy', 'id'))
    ELSE target END AS target,
  CASE WHEN v.verdict <> 'error' THEN parent END AS parent,
  v.verdict = 'new' AND makes_parent AS makes_parent,
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


def verdicts(batch: ImportBatch):
    """Return the query that judges each row of a sheet of shops, and its parameters."""
    query = SQL(VERDICTS).format(
        **{code: SQL("r.values[{}]").format(Literal(at)) for code, at in PLACE.items()},
        **{f"{code}_place": Literal(at) for code, at in PLACE.items()},
        # What the sheet has no column for is not even looked up.
        **{f"has_{code}": Literal(code in batch.mapping) for code in PLACE},
    )
    known = areas_of(batch)
    return query, {
        "source": batch.source,
        "area_texts": list(known),
        "area_ids": list(known.values()),
        "status_words": json.dumps(dict(PharmacyStatus.choices)),
    }


def areas_of(batch: ImportBatch) -> dict[str, int]:
    """Return sub-district as the sheet writes it → pk, for those that are on file."""
    written = dict(
        ImportText.objects.filter(batch=batch, place=PLACE["area"])
        .exclude(folded="")
        .values_list("text", "folded")
    )
    on_file = {}
    for pk, code, name in Area.objects.values_list("pk", "code", "name"):
        on_file[fold(code)] = on_file[fold(name)] = pk
    return {text: on_file[key] for text, key in written.items() if key in on_file}


def remarks(batch: ImportBatch) -> dict:
    """Return the sub-districts that the sheet names and the association has not, with counts."""
    known = areas_of(batch)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT values[%(place)s] AS area, count(*) FROM members_importrow
            WHERE batch_id = %(batch)s AND values[%(place)s] <> ''
              AND values[%(place)s] <> ALL(%(known)s::text[])
            GROUP BY 1 ORDER BY min(number)
            """,
            {"batch": batch.pk, "place": PLACE["area"], "known": list(known)},
        )
        unknown = cursor.fetchall()
    return {"unknown_areas": [[area, count] for area, count in unknown]} if unknown else {}


def title(said, texts) -> tuple[str, str]:
    """Return the shop's name, and its address or company beside it."""

    def shown(code: str) -> str:
        return said[PLACE[code] - 1] or texts.get(PLACE[code], "")

    return shown("name"), " ".join(filter(None, (shown("area"), shown("address"))))


SHOPS = SheetKind(
    code="shops",
    label="药店名册",
    unit="家药店",
    permission=Permission.PHARMACY_IMPORT,
    columns=COLUMNS,
    faults=FAULTS,
    verdicts=verdicts,
    remarks=remarks,
    title=title,
    in_title=frozenset({"name", "area", "address"}),
    write=lambda batch, *, now: write(batch, areas_of(batch), now=now),
    undo=undo,
    lock=LOCK,
    instead={"name": "unit_name"},
    source_column="source_id",
    page="members:shop",
    record="药店",
    keys=("系统编号、来源编号", "药品经营许可证号", "会员单位、店名、地址"),
    not_in_template=frozenset({"own_id", "source_id"}),
    example=(
        "",
        "",
        "示例医药连锁有限公司",
        "",
        "连锁企业",
        "示例大药房·滨湖店",
        "",
        "示例区示例路 12 号",
        "000-6123456",
        "示例DA000123",
        "2028-06-30",
        "2024-01-01",
        "2019-05-01",
        "营业",
    ),
)
