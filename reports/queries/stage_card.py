"""The card of the cycle on the workbench: where it stands, what is counted, what holds it up."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from association.templatetags.ui import cn_date, cn_deadline
from starrating.enums import CycleState as C
from starrating.models import Award, Cycle
from starrating.queries import stage

# The day that each stage runs towards.
LAST_DAY = {
    C.SELF_REVIEW: "entry_closes_on",
    C.REVIEW: "review_closes_on",
    C.NOTIFIED: "objections_close_on",
    C.PUBLICISED: "publicity_ends_on",
}


@dataclass(frozen=True)
class StageCard:
    """Everything the card shows, in words and addresses."""

    cycle: Cycle
    chip: str
    steps: list[dict]
    facts: list[dict]
    holds_up: str
    units: dict[str, int]
    shops: int
    is_rated: bool
    url: str


def stage_card(cycle: Cycle, *, today: date) -> StageCard:
    """Return the card; three queries whatever the size of the cycle."""
    counts, units = stage.counts(cycle), stage.distribution(cycle)
    return StageCard(
        cycle=cycle,
        chip=_chip(cycle, today),
        steps=stage.steps(cycle),
        facts=_facts(cycle, counts, units),
        holds_up=_holds_up(cycle, counts),
        units=units,
        shops=counts["all"],
        is_rated=bool(counts["rated"]),
        url=reverse("starrating:cycle", args=[cycle.pk]),
    )


def _chip(cycle: Cycle, today: date) -> str:
    """评审中 · 还有 15 天; the days only where the stage runs towards one."""
    words, field = cycle.get_state_display(), LAST_DAY.get(C(cycle.state))
    day = getattr(cycle, field) if field else None
    if day is None:
        return words
    left = (day - today).days
    if left > 0:
        return f"{words} · 还有 {left} 天"
    return f"{words} · 今天截止" if left == 0 else f"{words} · 已过截止日 {-left} 天"


def _facts(cycle: Cycle, counts: dict, units: dict) -> list[dict]:
    review = reverse("starrating:review", args=[cycle.pk])
    results = reverse("starrating:results", args=[cycle.pk])
    part, vetoes = counts["taking_part"], units.get("veto", 0)
    if cycle.state in {C.DRAFT, C.SELF_REVIEW}:
        facts = [
            _fact(counts["handed_in"], f"/ {part} 家已交自评", f"{review}?view=all"),
            _fact(counts["late"], "家还没交", f"{review}?view=late"),
            _fact(counts["to_review"], "家待评审", f"{review}?view=todo"),
            _fact(counts["returned"], "家退回补充", f"{review}?view=returned"),
        ]
    elif cycle.state == C.REVIEW:
        facts = [
            _fact(counts["reviewed"], f"/ {part} 家评审完成", f"{review}?view=done"),
            _fact(counts["to_review"], "家待评审", f"{review}?view=todo"),
            _fact(counts["returned"], "家退回补充", f"{review}?view=returned"),
            _fact(counts["late"], "家自评未交", f"{review}?view=late"),
        ]
    else:
        starred = sum(units.get(str(stars), 0) for stars in range(1, 6))
        facts = [
            _fact(starred, f"/ {part} 家达到星级", f"{results}?view=rated"),
            _fact(units.get("0", 0), "家未达星", f"{results}?view=below"),
            _fact(units.get("wait", 0), "家资料不全", f"{results}?view=incomplete"),
        ]
    if vetoes:
        url = f"{results}?view=veto"
        facts.append(_fact(vetoes, "家涉一票否决", url, tone="bad"))
    return facts


def _fact(value: int, words: str, url: str, tone: str = "") -> dict:
    return {"value": value, "words": words, "url": url, "tone": tone}


def _holds_up(cycle: Cycle, counts: dict) -> str:
    """Say what has to happen before the cycle can go on."""
    say = {
        C.DRAFT: "还没有开放自评。",
        C.SELF_REVIEW: f"自评在 {cn_date(cycle.entry_closes_on)} 24:00 截止，之后转入评审。",
        C.GATED: "质量审核已通过，接下来把结果和理由告知每家药店。",
        C.NOTIFIED: f"异议期到 {cn_date(cycle.objections_close_on)} 24:00，之后才能公示。",
        C.PUBLICISED: f"公示到 {cn_date(cycle.publicity_ends_on)} 24:00，之后才能授牌。",
        C.ARCHIVED: "本周期已归档。",
    }
    if cycle.state == C.REVIEW:
        return _review_holds_up(cycle, counts)
    if cycle.state == C.FINAL:
        number = Award.objects.filter(result__assessment__cycle=cycle).count()
        return f"已授牌 {number} 家，星级有效至 {cn_date(cycle.valid_to)}。"
    return say.get(C(cycle.state), "")


def _review_holds_up(cycle: Cycle, counts: dict) -> str:
    waiting = [
        f"{counts[name]} 家{words}"
        for name, words in (("to_review", "待评审"), ("returned", "退回未补"))
        if counts[name]
    ]
    if cycle.gate_first_by_id is not None:
        return "秘书处已签，等复核员第二签。"
    if waiting:
        day = cn_deadline(cycle.review_closes_on)
        return f"质量审核前还有{'、'.join(waiting)}，{day}没有办完的按资料不全处理。"
    if counts["rated"] < counts["all"]:
        return f"还有 {counts['all'] - counts['rated']} 家没有试评，试评后才能送质量审核。"
    return "评审和试评都已办完，可以送质量审核，由两人签字。"
