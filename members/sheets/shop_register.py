"""What a judged sheet of shops writes into the register, and how it is taken back.

All of it runs inside the transaction of the act, with the register locked against other
writers; readers are not held up. Everything goes by sets.
"""

from datetime import datetime

from django.db import connection
from psycopg2.sql import SQL, Literal

from members.enums import PharmacyStatus, UnitKind
from members.models import ImportBatch, MemberUnit, Pharmacy, Tenure
from members.name_keys import folded, name_keys
from members.sheets import Undone
from members.sheets.shop_columns import PLACE
from members.sheets.undoing import CHANGED_SINCE, LEFT_SHOWN, holders, not_held, why_held

# Writers of the register wait, readers do not.
LOCK = "LOCK TABLE members_memberunit, members_pharmacy IN SHARE ROW EXCLUSIVE MODE"

_AT = {code: SQL("r.values[{}]").format(Literal(place)) for code, place in PLACE.items()}
_WAS = {f"{code}_was": SQL("v.before[{}]").format(Literal(at)) for code, at in PLACE.items()}
_PLACES = {f"{code}_place": Literal(place) for code, place in PLACE.items()}

ADD_UNITS = SQL(
    """
    INSERT INTO members_memberunit (id, name, kind, credit_code, joined_on, contact_name,
      contact_phone, name_folded, name_initials, name_sort, updated_at)
    SELECT made.id, t.value, coalesce(made.kind,
        CASE WHEN made.shops > 1 AND made.is_named THEN %(chain)s ELSE %(single)s END),
      made.code, CASE WHEN NOT made.is_named THEN made.joined_on END, '', '',
      t.folded, t.initials, t.sort, %(now)s
    FROM (
      SELECT v.parent AS id, min(v.number) AS number, count(*) AS shops,
        max({credit_code}) AS code, max({unit_kind}) AS kind, min({joined_on}::date) AS joined_on,
        bool_or({unit_name} IS NOT NULL) AS is_named
      FROM members_importverdict v
      JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
      WHERE v.batch_id = %(batch)s AND v.makes_parent
      GROUP BY v.parent
    ) made
    JOIN members_importrow r ON r.batch_id = %(batch)s AND r.number = made.number
    JOIN members_importtext t ON t.batch_id = %(batch)s
      AND t.place = CASE WHEN {unit_name} IS NULL THEN {name_place} ELSE {unit_name_place} END
      AND t.text = coalesce({unit_name}, {name})
    """
).format(**_AT, **_PLACES)

# A company that was known by its name alone gets the code that the sheet gives.
ADD_CODES = SQL(
    """
    UPDATE members_memberunit u SET credit_code = given.code, updated_at = %(now)s
    FROM (
      SELECT v.parent, max({credit_code}) AS code
      FROM members_importverdict v
      JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
      WHERE v.batch_id = %(batch)s AND NOT v.makes_parent AND {credit_code} IS NOT NULL
        AND (v.verdict = 'new' OR {credit_code_was} IS NOT NULL)
      GROUP BY v.parent
    ) given
    WHERE u.id = given.parent AND u.credit_code IS NULL
    """
).format(**_AT, **_WAS)

ADD_SHOPS = SQL(
    """
    INSERT INTO members_pharmacy (id, unit_id, name, area_id, address, phone, licence_number,
      licence_expires_on, joined_on, opened_on, status, source, source_id, public_token,
      name_folded, address_folded, name_initials, name_sort, created_at, updated_at)
    SELECT v.target, v.parent, {name}, a.id, coalesce({address}, ''), coalesce({phone}, ''),
      {licence_number}, {licence_expires_on}::date, {joined_on}::date, {opened_on}::date,
      coalesce({status}, %(active)s),
      CASE WHEN {source_id} IS NULL THEN '' ELSE %(source)s END, coalesce({source_id}, ''),
      rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '='),
      n.folded, coalesce(d.folded, {address}, ''), n.initials, n.sort, %(now)s, %(now)s
    FROM members_importverdict v
    JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
    JOIN members_importtext n
      ON n.batch_id = %(batch)s AND n.place = {name_place} AND n.text = {name}
    LEFT JOIN members_importtext d
      ON d.batch_id = %(batch)s AND d.place = {address_place} AND d.text = {address}
    LEFT JOIN unnest(%(area_texts)s::text[], %(area_ids)s::bigint[]) AS a(text, id)
      ON a.text = {area}
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new'
    ORDER BY v.number
    """
).format(**_AT, **_PLACES)

ADD_TENURES = SQL(
    """
    INSERT INTO members_tenure (pharmacy_id, unit_id, starts_on)
    SELECT v.target, v.parent, {opened_on}::date
    FROM members_importverdict v
    JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new'
    ORDER BY v.number
    """
).format(**_AT)

CHANGE_SHOPS = SQL(
    """
    UPDATE members_pharmacy p SET
      name = CASE WHEN {name_was} IS NULL THEN p.name ELSE n.value END,
      name_folded = CASE WHEN {name_was} IS NULL THEN p.name_folded ELSE n.folded END,
      name_initials = CASE WHEN {name_was} IS NULL THEN p.name_initials ELSE n.initials END,
      name_sort = CASE WHEN {name_was} IS NULL THEN p.name_sort ELSE n.sort END,
      area_id = CASE WHEN {area_was} IS NULL THEN p.area_id ELSE a.id END,
      address = CASE WHEN {address_was} IS NULL THEN p.address ELSE {address} END,
      address_folded = CASE WHEN {address_was} IS NULL THEN p.address_folded
        ELSE coalesce(d.folded, {address}) END,
      phone = CASE WHEN {phone_was} IS NULL THEN p.phone ELSE {phone} END,
      licence_number = CASE WHEN {licence_number_was} IS NULL THEN p.licence_number
        ELSE {licence_number} END,
      licence_expires_on = CASE WHEN {licence_expires_on_was} IS NULL THEN p.licence_expires_on
        ELSE {licence_expires_on}::date END,
      joined_on = CASE WHEN {joined_on_was} IS NULL THEN p.joined_on ELSE {joined_on}::date END,
      opened_on = CASE WHEN {opened_on_was} IS NULL THEN p.opened_on ELSE {opened_on}::date END,
      source = CASE WHEN {source_id_was} IS NULL THEN p.source ELSE %(source)s END,
      source_id = CASE WHEN {source_id_was} IS NULL THEN p.source_id ELSE {source_id} END,
      updated_at = %(now)s
    FROM members_importverdict v
    JOIN members_importrow r ON r.batch_id = v.batch_id AND r.number = v.number
    JOIN members_importtext n
      ON n.batch_id = %(batch)s AND n.place = {name_place} AND n.text = {name}
    LEFT JOIN members_importtext d
      ON d.batch_id = %(batch)s AND d.place = {address_place} AND d.text = {address}
    LEFT JOIN unnest(%(area_texts)s::text[], %(area_ids)s::bigint[]) AS a(text, id)
      ON a.text = {area}
    WHERE v.batch_id = %(batch)s AND v.verdict = 'changed' AND p.id = v.target
    """
).format(**_AT, **_WAS, **_PLACES)


def write(batch: ImportBatch, areas: dict[str, int], *, now: datetime) -> dict[str, int]:
    """Write the good rows of a judged batch; return how many records of which sort."""
    params = {
        "batch": batch.pk,
        "source": batch.source,
        "now": now,
        "chain": UnitKind.CHAIN.value,
        "single": UnitKind.SINGLE.value,
        "active": PharmacyStatus.ACTIVE.value,
        "area_texts": list(areas),
        "area_ids": list(areas.values()),
    }
    counts = {}
    with connection.cursor() as cursor:
        for name, statement in (
            ("units", ADD_UNITS),
            ("codes", ADD_CODES),
            ("new", ADD_SHOPS),
            ("tenures", ADD_TENURES),
            ("changed", CHANGE_SHOPS),
        ):
            cursor.execute(statement, params)
            counts[name] = cursor.rowcount
    return counts


# ------------------------------------------------------------------ taking it back

# Untouched: nobody has changed the shop since, and nothing of another room hangs on it.
REMOVE_TENURES = """
    DELETE FROM members_tenure t USING members_importverdict v, members_pharmacy p
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new' AND p.id = v.target
      AND t.pharmacy_id = p.id AND p.updated_at = %(committed)s AND {free}
"""
REMOVE_SHOPS = """
    DELETE FROM members_pharmacy p USING members_importverdict v
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new' AND p.id = v.target
      AND p.updated_at = %(committed)s AND {free}
"""
REMOVE_UNITS = """
    DELETE FROM members_memberunit u
    WHERE u.id IN (SELECT parent FROM members_importverdict
        WHERE batch_id = %(batch)s AND makes_parent)
      AND u.updated_at = %(committed)s AND {free}
"""
REMOVE_CODES = """
    UPDATE members_memberunit SET credit_code = NULL, updated_at = %(now)s
    WHERE updated_at = %(committed)s AND id IN (
      SELECT parent FROM members_importverdict
      WHERE batch_id = %(batch)s AND verdict <> 'error' AND NOT makes_parent)
"""
LEFT_SHOPS = """
    SELECT v.number, p.name, CASE WHEN p.updated_at <> %(committed)s THEN %(since)s ELSE {why} END
    FROM members_importverdict v JOIN members_pharmacy p ON p.id = v.target
    WHERE v.batch_id = %(batch)s AND v.verdict = 'new'
    ORDER BY v.number
"""
LEFT_UNITS = """
    SELECT 0, u.name, CASE WHEN u.updated_at <> %(committed)s THEN %(since)s ELSE {why} END
    FROM members_memberunit u
    WHERE u.id IN (SELECT parent FROM members_importverdict
      WHERE batch_id = %(batch)s AND makes_parent)
    ORDER BY u.id
"""

# The old values may belong to another shop by now; then the row stays as it is.
RESTORED = SQL(
    """
    SELECT p.id, v.number, p.name AS name_now, p.updated_at = %(committed)s AS is_untouched,
      k.value AS name, k.folded AS name_folded, k.initials AS name_initials, k.sort AS name_sort,
      {area_was} AS area, a.id AS area_id, {address_was} AS address,
      d.folded AS address_folded, {phone_was} AS phone,
      {licence_number_was} AS licence_number, {licence_expires_on_was} AS licence_expires_on,
      {joined_on_was} AS joined_on, {opened_on_was} AS opened_on, {source_id_was} AS source_id,
      EXISTS (SELECT 1 FROM members_pharmacy o WHERE o.id <> p.id
        AND (o.licence_number = NULLIF({licence_number_was}, '')
          OR (o.unit_id = p.unit_id
            AND o.name_folded = coalesce(k.folded, p.name_folded)
            AND o.address_folded = coalesce(d.folded, p.address_folded))
          OR ({source_id_was} <> '' AND o.source = p.source AND o.source_id = {source_id_was})
        )) AS is_taken
    FROM members_importverdict v
    JOIN members_pharmacy p ON p.id = v.target
    LEFT JOIN unnest(%(names)s::text[], %(folded)s::text[], %(initials)s::text[], %(sort)s::text[])
      AS k(value, folded, initials, sort) ON k.value = {name_was}
    LEFT JOIN unnest(%(addresses)s::text[], %(addresses_folded)s::text[]) AS d(value, folded)
      ON d.value = {address_was}
    LEFT JOIN accounts_area a ON a.name = {area_was}
    WHERE v.batch_id = %(batch)s AND v.verdict = 'changed'
    """
).format(**_WAS)
RESTORE = SQL(
    """
    UPDATE members_pharmacy p SET
      name = coalesce(b.name, p.name),
      name_folded = coalesce(b.name_folded, p.name_folded),
      name_initials = coalesce(b.name_initials, p.name_initials),
      name_sort = coalesce(b.name_sort, p.name_sort),
      area_id = CASE WHEN b.area IS NULL THEN p.area_id ELSE b.area_id END,
      address = coalesce(b.address, p.address),
      address_folded = coalesce(b.address_folded, p.address_folded),
      phone = coalesce(b.phone, p.phone),
      licence_number = CASE WHEN b.licence_number IS NULL THEN p.licence_number
        ELSE NULLIF(b.licence_number, '') END,
      licence_expires_on = CASE WHEN b.licence_expires_on IS NULL THEN p.licence_expires_on
        ELSE NULLIF(b.licence_expires_on, '')::date END,
      joined_on = CASE WHEN b.joined_on IS NULL THEN p.joined_on
        ELSE NULLIF(b.joined_on, '')::date END,
      opened_on = CASE WHEN b.opened_on IS NULL THEN p.opened_on
        ELSE NULLIF(b.opened_on, '')::date END,
      source = CASE WHEN b.source_id = '' THEN '' ELSE p.source END,
      source_id = coalesce(b.source_id, p.source_id),
      updated_at = %(now)s
    FROM ({restored}) b
    WHERE p.id = b.id AND b.is_untouched AND NOT b.is_taken
    """
).format(restored=RESTORED)
LEFT_CHANGED = SQL(
    """
    SELECT b.number, b.name_now, CASE WHEN b.is_untouched THEN %(taken)s ELSE %(since)s END
    FROM ({restored}) b WHERE NOT b.is_untouched OR b.is_taken ORDER BY b.number
    """
).format(restored=RESTORED)


def undo(batch: ImportBatch, *, now: datetime) -> Undone:
    """Take back what the batch wrote, but for records that somebody has touched since."""
    shop_holders = holders(Pharmacy, but={Tenure})
    unit_holders = holders(MemberUnit)
    params = {
        "batch": batch.pk,
        "committed": batch.committed_at,
        "now": now,
        "since": CHANGED_SINCE,
        "taken": "原来的证号或店名现在登记在别家",
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
        free = not_held(shop_holders, SQL("p.id"))
        cursor.execute(SQL(REMOVE_TENURES).format(free=free), params)
        cursor.execute(SQL(REMOVE_SHOPS).format(free=free), params)
        counts["new"] = cursor.rowcount
        cursor.execute(SQL(REMOVE_UNITS).format(free=not_held(unit_holders, SQL("u.id"))), params)
        counts["units"] = cursor.rowcount
        cursor.execute(REMOVE_CODES, params)
        counts["codes"] = cursor.rowcount
        for query, where, tables in (
            (LEFT_SHOPS, "p.id", shop_holders),
            (LEFT_UNITS, "u.id", unit_holders),
        ):
            cursor.execute(SQL(query).format(why=why_held(tables, SQL(where))), params)
            left += cursor.fetchmany(LEFT_SHOWN)
            counts["left"] += max(cursor.rowcount, 0)
    return Undone(counts, [tuple(row) for row in left[:LEFT_SHOWN]])


def _old_names(batch: ImportBatch) -> dict:
    """Return the keys of the names and addresses that the batch replaced."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT before[%s], before[%s] FROM members_importverdict"
            " WHERE batch_id = %s AND verdict = 'changed'",
            [PLACE["name"], PLACE["address"], batch.pk],
        )
        rows = cursor.fetchall()
    names = sorted({name for name, _ in rows if name})
    addresses = sorted({address for _, address in rows if address is not None})
    keys = [name_keys(name) for name in names]
    return {
        "names": names,
        "folded": [key[0] for key in keys],
        "initials": [key[1] for key in keys],
        "sort": [key[2] for key in keys],
        "addresses": addresses,
        "addresses_folded": [folded(address) for address in addresses],
    }
