"""Issued results as they are read: the notice to a shop, the lines of the publicity."""

from django.db.models import QuerySet

from accounts.models import User
from members.models import Pharmacy, Position
from starrating.enums import ResultStatus
from starrating.models import Assessment, Cycle, Result

STAR_NAMES = {0: "零星", 1: "一星", 2: "二星", 3: "三星", 4: "四星", 5: "五星"}


def people_of(pharmacy: Pharmacy) -> QuerySet[User]:
    """Who answers for the shop today and gets its messages."""
    return User.objects.filter(positions__in=Position.objects.answering_for(pharmacy)).distinct()


def verdict_words(status: str, stars: int | None) -> str:
    """The result in words: 四星, or what stands in place of a star."""
    if status == ResultStatus.RATED and stars is not None:
        return STAR_NAMES.get(stars, f"{stars} 星")
    return ResultStatus(status).label


def notice_text(result: Result) -> tuple[str, str]:
    """Return subject and body of the notice: result, parts, reasons, how to object."""
    cycle, tree = result.assessment.cycle, result.tree
    words = verdict_words(result.status, result.stars)
    lines = [f"{result.assessment.pharmacy.name}：{words}。"]
    if result.total is not None:
        parts = "，".join(f"{d['name']} {d['points']}/{d['full']}" for d in tree["dimensions"])
        lines.append(f"总分 {tree['total']}（{parts}，公益加分 {tree['bonus']}）。")
    if tree["vetoes"]:
        lines += [f"{veto['name']}，依据 {veto['document']}。" for veto in tree["vetoes"]]
    if tree["blanks"]:
        names = "、".join(blank["name"] for blank in tree["blanks"][:5])
        more = f"等 {len(tree['blanks'])} 项" if len(tree["blanks"]) > 5 else ""
        lines.append(f"还缺：{names}{more}。")
    lost = [
        f"{item['name']} −{item['lost']}：{item['why']}"
        for dimension in tree["dimensions"]
        for item in dimension["items"]
        if item.get("lost") not in (None, "0", "0.0") and item["status"] == "scored"
    ]
    lines += lost[:10]
    if len(lost) > 10:
        lines.append(f"另有 {len(lost) - 10} 处，点开看全部。")
    day = cycle.objections_close_on
    lines.append(
        f"有异议，请在 {day.year}年{day.month}月{day.day}日 24:00 前书面交协会秘书处，"
        "写明条目和理由，附材料。由未参与评审的人复核。"
    )
    return f"{cycle.name}星级评定结果告知", "\n".join(lines)


def publicity_lines(cycle: Cycle) -> list[dict]:
    """The public list in the order of sub-district and name; no ranks, no scores of the veto.

    Shops that did not take part are not on it.
    """
    results = (
        Result.objects.filter(assessment__cycle=cycle)
        .latest()
        .select_related("assessment__pharmacy__area")
    )
    lines = []
    for result in results:
        if result.status in {ResultStatus.DECLINED, ResultStatus.EXEMPT}:
            continue
        shop = result.assessment.pharmacy
        lines.append(
            {
                "shop": shop.name,
                "area": shop.area.name if shop.area else "",
                "order": [shop.area.order if shop.area else 10**6, shop.name_sort],
                "status": result.status,
                "stars": result.stars,
                "words": verdict_words(result.status, result.stars),
                "version": result.version,
            }
        )
    lines.sort(key=lambda line: (line["order"], line["shop"]))
    return [{name: line[name] for name in line if name != "order"} for line in lines]


def results_of(cycle: Cycle) -> QuerySet[Assessment]:
    """The assessments of a cycle for its list of results, with the shop at hand."""
    return (
        Assessment.objects.filter(cycle=cycle)
        .select_related("pharmacy__area", "pharmacy__unit")
        .order_by("pharmacy__name_sort", "pharmacy_id")
    )
