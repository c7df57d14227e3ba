"""Companies and shops: entered, corrected, paused, struck off, handed to another company."""

import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Area
from association import audit
from association.errors import BusinessRuleError
from association.sheet_cells import clean
from members.credit_code import normalise
from members.enums import UnitKind
from members.models import MemberUnit, Pharmacy, Tenure
from members.name_keys import folded, licence_key, name_keys, phone_text
from members.workflow import PHARMACY

# Fields whose values are personal: the audit line says that they changed, not to what.
PERSONAL = frozenset({"contact_name", "contact_phone"})


class NameMissingError(BusinessRuleError):
    """A company or shop without a name."""


class CreditCodeTakenError(BusinessRuleError):
    """Another member unit already has this credit code."""


class LicenceTakenError(BusinessRuleError):
    """Another shop already has this licence number."""


class SameShopTwiceError(BusinessRuleError):
    """The unit already has a shop of this name at this address."""


class ReasonMissingError(BusinessRuleError):
    """The act needs a reason that others can read later."""


class TenureError(BusinessRuleError):
    """The change of owner does not fit what is on file."""


@transaction.atomic
def add_unit(
    *,
    name: str,
    kind: str = UnitKind.SINGLE,
    credit_code: str | None = None,
    joined_on: date | None = None,
    contact_name: str = "",
    contact_phone: str = "",
    by,
    now: datetime,
) -> MemberUnit:
    """Enter a company (会员单位). Raises when the code is wrong or already taken."""
    unit = MemberUnit(kind=kind, joined_on=joined_on)
    _name(unit, name)
    unit.credit_code = _free_code(credit_code, unit)
    unit.contact_name, unit.contact_phone = clean(contact_name), phone_text(contact_phone)
    unit.updated_at = now
    unit.save(force_insert=True)
    audit.record("unit.added", by=by, target=unit, now=now)
    return unit


@transaction.atomic
def change_unit(
    unit: MemberUnit,
    *,
    name: str,
    kind: str,
    credit_code: str | None,
    joined_on: date | None,
    contact_name: str,
    contact_phone: str,
    by,
    now: datetime,
) -> MemberUnit:
    """Correct what is on file about a company; says nothing when nothing differs."""
    unit = MemberUnit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    before = _facts(unit)
    _name(unit, name)
    unit.kind, unit.joined_on = kind, joined_on
    unit.credit_code = _free_code(credit_code, unit)
    unit.contact_name, unit.contact_phone = clean(contact_name), phone_text(contact_phone)
    unit.updated_at = now
    return _save_changes(unit, before, "unit.changed", by=by, now=now)


@transaction.atomic
def add_pharmacy(
    unit: MemberUnit,
    *,
    name: str,
    area: Area | None = None,
    address: str = "",
    phone: str = "",
    licence_number: str | None = None,
    licence_expires_on: date | None = None,
    joined_on: date | None = None,
    opened_on: date | None = None,
    by,
    now: datetime,
) -> Pharmacy:
    """Enter a shop (药店) of ``unit``; its tenure begins on the day it opened, if that is known."""
    shop = Pharmacy(
        unit=unit,
        area=area,
        licence_expires_on=licence_expires_on,
        joined_on=joined_on,
        opened_on=opened_on,
        public_token=secrets.token_urlsafe(16),
        created_at=now,
        updated_at=now,
    )
    _name(shop, name)
    shop.address, shop.phone = clean(address), phone_text(phone)
    shop.address_folded = folded(shop.address)
    shop.licence_number = _free_licence(licence_number, shop)
    _refuse_twin(shop)
    shop.save(force_insert=True)
    Tenure.objects.create(pharmacy=shop, unit=unit, starts_on=opened_on)
    audit.record("pharmacy.added", by=by, target=shop, now=now, unit=str(unit))
    return shop


@transaction.atomic
def change_pharmacy(
    pharmacy: Pharmacy,
    *,
    name: str,
    area: Area | None,
    address: str,
    phone: str,
    licence_number: str | None,
    licence_expires_on: date | None,
    joined_on: date | None,
    opened_on: date | None,
    by,
    now: datetime,
) -> Pharmacy:
    """Correct what is on file about a shop; says nothing when nothing differs."""
    shop = _locked(pharmacy)
    before = _facts(shop)
    _name(shop, name)
    shop.area, shop.address, shop.phone = area, clean(address), phone_text(phone)
    shop.address_folded = folded(shop.address)
    shop.licence_number = _free_licence(licence_number, shop)
    shop.licence_expires_on = licence_expires_on
    shop.joined_on, shop.opened_on = joined_on, opened_on
    _refuse_twin(shop)
    shop.updated_at = now
    return _save_changes(shop, before, "pharmacy.changed", by=by, now=now)


def pause(pharmacy: Pharmacy, *, reason: str, by, now: datetime) -> Pharmacy:
    """Note that the shop does no business for the time being (停业)."""
    return _move(pharmacy, "pause", "pharmacy.paused", reason=reason, by=by, now=now)


def close(pharmacy: Pharmacy, *, reason: str, by, now: datetime) -> Pharmacy:
    """Strike the shop off (注销); its history stays."""
    return _move(pharmacy, "close", "pharmacy.closed", reason=reason, by=by, now=now)


def reopen(pharmacy: Pharmacy, *, reason: str, by, now: datetime) -> Pharmacy:
    """Note that the shop is open again, or undo a mistaken pause or closure."""
    return _move(pharmacy, "reopen", "pharmacy.reopened", reason=reason, by=by, now=now)


@transaction.atomic
def move_to_unit(
    pharmacy: Pharmacy, unit: MemberUnit, *, since: date, reason: str, by, now: datetime
) -> Pharmacy:
    """Hand the shop to another company from the day ``since`` on (变更经营主体).

    The shop keeps its number and its history; the old tenure ends the day before.
    """
    shop = _locked(pharmacy)
    reason = _reason(reason)
    if shop.unit_id == unit.pk:
        raise TenureError(f"“{shop}”现在就属于“{unit}”，不用变更。")
    if since > timezone.localdate(now):
        raise TenureError("变更日期不能晚于今天，请到变更生效后再登记。")
    tenure = Tenure.objects.select_for_update().get(pharmacy=shop, ends_on=None)
    if tenure.starts_on and since <= tenure.starts_on:
        raise TenureError(
            f"“{tenure.unit}”从 {tenure.starts_on} 起经营本店，变更日期要晚于这一天，请核对。"
        )
    before = str(tenure.unit)
    shop.unit, shop.updated_at = unit, now
    _refuse_twin(shop)
    tenure.ends_on = since - timedelta(days=1)
    tenure.save(update_fields=["ends_on"])
    Tenure.objects.create(pharmacy=shop, unit=unit, starts_on=since)
    shop.save(update_fields=["unit", "updated_at"])
    audit.record(
        "pharmacy.moved",
        by=by,
        target=shop,
        now=now,
        before=before,
        after=str(unit),
        since=since.isoformat(),
        reason=reason,
    )
    return shop


@transaction.atomic
def _move(pharmacy: Pharmacy, act: str, event: str, *, reason: str, by, now) -> Pharmacy:
    shop = _locked(pharmacy)
    before = shop.status
    shop.status = PHARMACY.after(before, act)
    reason = _reason(reason)
    shop.updated_at = now
    shop.save(update_fields=["status", "updated_at"])
    audit.record(
        event, by=by, target=shop, now=now, before=before, after=str(shop.status), reason=reason
    )
    return shop


def _locked(pharmacy: Pharmacy) -> Pharmacy:
    rows = Pharmacy.objects.with_place().select_for_update(of=("self",))
    return rows.get(pk=pharmacy.pk)


def _reason(text: str) -> str:
    reason = clean(text)
    if not reason:
        raise ReasonMissingError("请写明原因，以后查记录时要看得明白。")
    return reason


def _name(record: MemberUnit | Pharmacy, name: str) -> None:
    record.name = clean(name)
    if not record.name:
        raise NameMissingError("请填写名称。")
    record.name_folded, record.name_initials, record.name_sort = name_keys(record.name)


def _free_code(raw: str | None, unit: MemberUnit) -> str | None:
    if not raw or not clean(raw):
        return None
    code = normalise(raw)
    if other := MemberUnit.objects.filter(credit_code=code).exclude(pk=unit.pk).first():
        raise CreditCodeTakenError(
            f"统一社会信用代码 {code} 已登记为会员单位“{other}”，请核对代码，或直接在该单位下办理。"
        )
    return code


def _free_licence(raw: str | None, shop: Pharmacy) -> str | None:
    number = licence_key(raw or "")
    if not number:
        return None
    if other := Pharmacy.objects.filter(licence_number=number).exclude(pk=shop.pk).first():
        raise LicenceTakenError(
            f"许可证号 {number} 已登记在“{other}”名下，请核对证号；"
            "如果是同一家店换了经营主体，请在那家店的页面办理变更。"
        )
    return number


def _refuse_twin(shop: Pharmacy) -> None:
    twins = Pharmacy.objects.filter(
        unit=shop.unit, name_folded=shop.name_folded, address_folded=shop.address_folded
    )
    if twins.exclude(pk=shop.pk).exists():
        raise SameShopTwiceError(
            f"“{shop.unit}”下已有同名同址的药店“{shop.name}”，请打开那一家修改，或把店名、地址写得可以区分。"
        )


def _facts(record) -> dict:
    """The values on file, JSON-safe, without keys that follow from others."""
    derived = {"name_folded", "name_initials", "name_sort", "address_folded"}
    facts = {}
    for field in record._meta.concrete_fields:
        if not field.editable or field.name in derived or field.name.endswith("_at"):
            continue
        value = getattr(record, field.attname)
        facts[field.name] = value if value is None or isinstance(value, (str, int)) else str(value)
    return facts


def _save_changes(record, before: dict, event: str, *, by, now: datetime):
    after = _facts(record)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not changed:
        return record
    record.save()
    for name in PERSONAL & set(changed):
        changed[name] = ["（略）", "（略）"]
    audit.record(event, by=by, target=record, now=now, changed=changed)
    return record
