"""The demo's register: four sub-districts, about forty companies, their shops and people.

Every name is invented and says 示例; credit codes are right in their check symbols and stand
under the region 000000, which no authority uses; telephone numbers begin with 000.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from django.core.files.base import ContentFile
from django.utils import timezone
from openpyxl import Workbook

from accounts import actions as accounts
from accounts.models import Area
from accounts.roles import Role
from association import sample
from members import actions, sheets
from members.actions import imports
from members.credit_code import check_symbol, organisation_check_symbol
from members.enums import UnitKind
from members.models import ImportBatch, Pharmacy

PASSWORD = "shili-demo-2026"  # noqa: S105 -- printed on the demo's first screen
AREAS = (
    ("SL01", "滨海街道", ("滨湖", "海岸", "渔港", "望海", "沙坡", "金沙")),
    ("SL02", "新桥街道", ("中山", "站前", "桥南", "桥北", "文化宫", "人民路")),
    ("SL03", "东湖街道", ("新阳", "东湖", "湖心", "学府", "创业园", "体育馆")),
    ("SL04", "青岭镇", ("青岭", "茶园", "集市", "卫生院", "水库", "石桥")),
)
CHAIN_BRANDS = (
    "同心",
    "百草",
    "惠民",
    "康宁",
    "和顺",
    "安泰",
    "长青",
    "福康",
    "益民",
    "泰和",
    "华康",
)
BRANDS_IN_A_ROW = (
    "橘井杏林本草悦来仁和济民德济回春宝芝养和益寿广济保和春晖普济天合善元永安"
    "同德瑞康惠仁百和青囊泽民众安颐和丰泽明善恒安厚德启明乐康平和顺康嘉禾万春"
)
SINGLE_BRANDS = [BRANDS_IN_A_ROW[i : i + 2] for i in range(0, len(BRANDS_IN_A_ROW), 2)]
SINGLE_KINDS = ("示例药房", "示例药店", "示例大药房", "示例药行")
SURNAMES = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
# Above this many shops only the first ones get an owner with a login.
OWNERS_UP_TO = 500
# So many of the last shops came by a workbook; a smaller story has none.
IMPORTED, IMPORTED_FROM = 4, 24

# key, name, role everywhere
STAFF = (
    ("secretary", "李某", Role.SECRETARIAT, "秘书处（李某）", "mishu"),
    ("second_secretary", "王某", Role.SECRETARIAT, "秘书处第二人（王某）", "mishu2"),
    ("reviewer", "张某", Role.REVIEWER, "评审员（张某）", "pingshen"),
    ("second_reviewer", "陈某", Role.REVIEWER, "评审员第二人（陈某）", "pingshen2"),
    ("adjudicator", "周某", Role.ADJUDICATOR, "复核员（周某）", "fuhe"),
    ("inspector", "吴某", Role.INSPECTOR, "检查员（吴某）", "jiancha"),
    ("regulator", "郑某", Role.REGULATOR, "监管部门（郑某）", "jianguan"),
)
SHOP_SIDE = (
    ("owner", "孙某", Role.OWNER, "药店负责人（孙某）", "dianzhu"),
    ("staff", "钱某", Role.STAFF, "药店员工（钱某）", "dianyuan"),
    ("head_office", "赵某", Role.HEAD_OFFICE, "连锁总部（赵某）", "zongbu"),
)
for _key, _name, _role, _label, _login in STAFF + SHOP_SIDE:
    sample.login(_key, role=_role.value, label=_label, login=_login, password=PASSWORD)


@sample.chapter(10, "片区与人员")
def people(story: sample.Story) -> None:
    """The sub-districts, and one person for each role of the association."""
    now = story.days_ago(360)
    people = {
        key: _account(key, name, by=None, now=now) for key, name, _role, _label, _login in STAFF
    }
    first, second = people["secretary"], people["second_secretary"]
    for secretary in (first, second):
        accounts.grant_first_secretary(secretary, now=now)
    for key, _name, role, _label, _login in STAFF:
        if people[key] not in (first, second):
            grant = accounts.propose_role(people[key], role, by=first, now=now)
            accounts.confirm_role(grant, by=second, now=now)
    for order, (code, name, _places) in enumerate(AREAS, start=1):
        accounts.save_area(None, code=code, name=name, order=order, by=first, now=now)


@sample.chapter(20, "会员单位与药店")
def register(story: sample.Story) -> None:
    """Companies with their shops, entered by the secretariat a year ago, and what came since."""
    rng, by = story.rng("register"), story.user("secretary")
    areas = {area.code: area for area in Area.objects.all()}
    entered = story.days_ago(350, hour=9)
    shops = []
    for number, plan in enumerate(_plans(story, rng)[: -_imported(story) or None], start=1):
        unit = actions.add_unit(
            name=plan.name,
            kind=plan.kind,
            credit_code=credit_code(number, plan.kind),
            joined_on=plan.joined_on,
            contact_name=f"{rng.choice(SURNAMES)}某",
            contact_phone=f"000-{rng.randrange(6_000_000, 9_000_000)}",
            by=by,
            now=entered,
        )
        for shop in plan.shops:
            place = len(shops) + 1
            shops.append(
                actions.add_pharmacy(
                    unit,
                    name=shop.name,
                    area=areas[shop.area_code] if rng.random() > 0.02 else None,
                    address=shop.address,
                    phone=f"000-{rng.randrange(6_000_000, 9_000_000)}",
                    licence_number=f"示例DA{place:06}",
                    licence_expires_on=_licence_end(place, rng, timezone.localdate(story.now)),
                    joined_on=plan.joined_on,
                    opened_on=shop.opened_on,
                    by=by,
                    now=entered,
                )
            )
    _what_happened(story, shops, by)


@sample.chapter(22, "导入名册")
def imported_sheets(story: sample.Story) -> None:
    """A workbook that went in, one that was taken back, one that waits for its confirmation."""
    if not _imported(story):
        return
    rng, by = story.rng("register"), story.user("secretary")
    plans = _plans(story, rng)[-_imported(story) :]
    known = list(Pharmacy.objects.select_related("area").order_by("pk")[:4])
    spring = [_spring_row(plan, story.size - len(plans) + at) for at, plan in enumerate(plans, 1)]
    spring += [
        ("", known[0].name, "", "", f"000-{6_200_001}", known[0].licence_number, "", ""),
        ("", known[1].name, "", "", "", known[1].licence_number, "2027.13.5", ""),
    ]
    batch = _sheet(
        "2026年上半年会员名册.xlsx", SPRING_HEAD, spring, by=by, now=story.days_ago(240, hour=15)
    )
    imports.commit(batch, digest=batch.digest, by=by, now=story.days_ago(240, hour=15, minute=6))
    second = story.user("second_secretary")
    phones = [(shop.licence_number, shop.name, f"000-{6_300_000 + shop.pk}") for shop in known]
    batch = _sheet(
        "电话更新（拿错的旧表）.xlsx", PHONE_HEAD, phones, by=second, now=story.days_ago(120)
    )
    imports.commit(batch, digest=batch.digest, by=second, now=story.days_ago(120, minute=4))
    imports.undo(batch, by=second, now=story.days_ago(120, minute=21))
    phones = [
        (known[2].licence_number, known[2].name, "000-6400012"),
        ("示例DA9O0001", "晨星示例药房", "000-6400013"),
        ("", "", "000-6400014"),
    ]
    _sheet("九月电话核对.xlsx", PHONE_HEAD, phones, by=by, now=story.days_ago(1, hour=16))


SPRING_HEAD = (
    "统一社会信用代码",
    "药店名称",
    "所属街道",
    "经营地址",
    "联系电话",
    "许可证编号",
    "有效期至",
    "入会时间",
)
PHONE_HEAD = ("许可证编号", "药店名称", "联系电话")


def _spring_row(plan: "_Unit", place: int) -> tuple:
    """One company with its shop as a clerk would type it: days in three ways."""
    shop = plan.shops[0]
    ends = date(2027 + place % 3, 3, 1 + place % 27)
    written = (f"{ends:%Y.%-m.%-d}", f"{ends:%Y年%-m月%-d日}", f"{ends:%Y%m%d}")[place % 3]
    area = next(name for code, name, _places in AREAS if code == shop.area_code)
    number = credit_code(90_000 + place, plan.kind)
    return (
        number,
        shop.name,
        area,
        shop.address,
        f"000-{6_100_000 + place}",
        f"示例DA{place:06}",
        written,
        plan.joined_on,
    )


def _sheet(
    name: str, head: Sequence[str], rows: Sequence[Sequence], *, by, now: datetime
) -> ImportBatch:
    """Upload a workbook with a title above and a signature below, and compare it."""
    book = Workbook()
    book.active.append([name.removesuffix(".xlsx")])
    book.active.append([f"填报单位：示例区药品经营行业协会　{now:%Y年%-m月}"])
    for row in (head, *rows):
        book.active.append(list(row))
    book.active.append(["合计", len(rows)])
    book.active.append(["制表人：李某"])
    content = io.BytesIO()
    book.save(content)
    file = ContentFile(content.getvalue(), name=name)
    batch = imports.read(imports.upload(file, sheets.kind_named("shops"), by=by, now=now))
    return imports.check(
        imports.map_columns(batch, batch.mapping, source=batch.source, now=now), now=now
    )


def _imported(story: sample.Story) -> int:
    return IMPORTED if story.size >= IMPORTED_FROM else 0


def _plans(story: sample.Story, rng: Random) -> list["_Unit"]:
    return list(_units(story.size, rng))


@sample.chapter(25, "药店的人员")
def shop_people(story: sample.Story) -> None:
    """An owner for each shop; the demo's own owner has two, one of them of a chain."""
    by = story.user("secretary")
    since = timezone.localdate(story.days_ago(340))
    now = story.days_ago(340)
    rng = story.rng("shop_people")
    shops = story.shops
    first_of_chain = next((s for s in shops if s.unit.kind == UnitKind.CHAIN), shops[0])
    single = next((s for s in shops if s.unit.kind == UnitKind.SINGLE), shops[-1])
    people = {key: _account(key, name, by=by, now=now) for key, name, *_rest in SHOP_SIDE}
    own = {first_of_chain, single}
    for shop in sorted(own, key=lambda shop: shop.pk):
        actions.appoint(people["owner"], Role.OWNER, at=shop, starts_on=since, by=by, now=now)
    actions.appoint(people["staff"], Role.STAFF, at=first_of_chain, starts_on=since, by=by, now=now)
    actions.appoint(
        people["head_office"],
        Role.HEAD_OFFICE,
        at=first_of_chain.unit,
        starts_on=since,
        by=by,
        now=now,
    )
    for place, shop in enumerate(shops[:OWNERS_UP_TO], start=1):
        if shop in own:
            continue
        name = f"{rng.choice(SURNAMES)}某"
        user = accounts.create_user(username=f"dian{place:04}", real_name=name, by=by, now=now)
        actions.appoint(user, Role.OWNER, at=shop, starts_on=since, by=by, now=now)


@sample.source("shops")
def shops_of_story(story: sample.Story) -> list[Pharmacy]:
    """Every shop in the order in which it was entered."""
    return list(Pharmacy.objects.select_related("unit", "area").order_by("pk"))


@dataclass(frozen=True)
class _Shop:
    name: str
    area_code: str
    address: str
    opened_on: date


@dataclass(frozen=True)
class _Unit:
    name: str
    kind: UnitKind
    joined_on: date
    shops: tuple[_Shop, ...]


def credit_code(number: int, kind: UnitKind) -> str:
    """Return an invented code that is right in both check symbols: 91 000000 DEM00001 …"""
    organisation = f"DEM{number:05}"
    body = ("91" if kind == UnitKind.CHAIN else "92") + "000000" + organisation
    body += organisation_check_symbol(organisation)
    return body + check_symbol(body)


def _units(size: int, rng: Random) -> Iterator[_Unit]:
    """Yield companies until they have ``size`` shops: two thirds of the shops in chains."""
    left_in_chains = size * 2 // 3
    left = size
    number = 0
    while left:
        joined_on = date(rng.randrange(2018, 2025), rng.randrange(1, 13), rng.randrange(1, 28))
        count = min(rng.randrange(4, 12), left_in_chains)
        turn = f"{number // len(CHAIN_BRANDS) + 1}部" if number >= len(CHAIN_BRANDS) else ""
        if count:
            brand = CHAIN_BRANDS[number % len(CHAIN_BRANDS)] + turn
            shops = tuple(_branch(brand, place, rng) for place in range(count))
            yield _Unit(f"{brand}示例医药连锁有限公司", UnitKind.CHAIN, joined_on, shops)
            left_in_chains -= count
        else:
            single = size - left - (size * 2 // 3)
            brand = SINGLE_BRANDS[single % len(SINGLE_BRANDS)]
            lap = single // len(SINGLE_BRANDS)
            name = brand + SINGLE_KINDS[single % len(SINGLE_KINDS)] + (f"{lap}店" if lap else "")
            count = 1
            shop = _shop(name, single % len(AREAS), single, rng)
            yield _Unit(name, UnitKind.SINGLE, joined_on, (shop,))
        left -= count
        number += 1


def _branch(brand: str, place: int, rng: Random) -> _Shop:
    area = rng.randrange(len(AREAS))
    places = AREAS[area][2]
    lap = f"{place // len(places) + 1}" if place >= len(places) else ""
    name = f"{brand}示例大药房·{places[place % len(places)]}{lap}店"
    return _shop(name, area, place, rng)


def _shop(name: str, area: int, place: int, rng: Random) -> _Shop:
    code, area_name, places = AREAS[area]
    street = f"示例{places[place % len(places)]}路{rng.randrange(1, 300)}号"
    opened = date(rng.randrange(2008, 2024), rng.randrange(1, 13), rng.randrange(1, 28))
    return _Shop(name, code, f"示例区{area_name}{street}", opened)


def _licence_end(place: int, rng: Random, today: date) -> date | None:
    """Most hold for years; a few end soon, one or two are over, a few are not on file."""
    if place % 32 == 7:
        return None
    if place % 48 == 11:
        return today - timedelta(days=rng.randrange(3, 40))
    if place % 19 == 5:
        return today + timedelta(days=rng.randrange(5, 58))
    return today + timedelta(days=rng.randrange(120, 1700))


def _what_happened(story: sample.Story, shops: list[Pharmacy], by) -> None:
    """A shop paused, one struck off, one sold: lists and history have something to show."""
    singles = [shop for shop in shops if shop.unit.kind == UnitKind.SINGLE]
    if len(singles) < 8:
        return
    actions.pause(singles[4], reason="店面装修，预计停业两个月。", by=by, now=story.days_ago(20))
    actions.close(singles[5], reason="经营者申请注销许可证。", by=by, now=story.days_ago(90))
    now = story.days_ago(120)
    buyer = actions.add_unit(
        name="承远示例药房",
        credit_code=credit_code(99_001, UnitKind.SINGLE),
        joined_on=timezone.localdate(now),
        by=by,
        now=now,
    )
    actions.move_to_unit(
        singles[6],
        buyer,
        since=timezone.localdate(now),
        reason="门店转让，许可证已变更。",
        by=by,
        now=now,
    )


def _account(key: str, name: str, *, by, now):
    """Make a demo account as the office does: by invitation, the person sets the password."""
    user = accounts.create_user(username=sample.LOGINS[key].login, real_name=name, by=by, now=now)
    token = accounts.invite(user, by=by, now=now)
    return accounts.accept_invitation(token, password=PASSWORD, now=now)
