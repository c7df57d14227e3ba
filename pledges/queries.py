"""Reads of the pledge room, and what it answers to the rooms above."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

from django.contrib.auth import get_user_model
from django.db.models import Count, F, Q
from django.utils.timezone import localtime

from accounts.models import Area, RoleGrant
from accounts.permissions import allowed
from accounts.roles import Permission, Role
from association.sealing import Place, place_of
from members.enums import UnitKind
from members.models import Pharmacy
from members.queries import narrowed
from pledges.enums import BreachState, NamesFor, OfferState, PledgeState
from pledges.models import (
    Breach,
    Campaign,
    Mandate,
    Offer,
    Pledge,
    PledgeText,
    Receipt,
    SigningDraft,
)
from pledges.text_diff import Wording
from pledges.workflow import BREACH, PERMISSION_FOR, PLEDGE

PREVIEW_NAMES = 50
OFFICE_DECIDES, SHOP_DECIDES = {"accept", "refuse"}, {"confirm", "decline"}
NOT_YET = (PledgeState.INVITED, PledgeState.AWAITING)


def signed_in(pharmacy_ids: Iterable[int], start: date, end: date) -> dict[int, dict]:
    """Return for each shop the signature that holds on some day from ``start`` to ``end``.

    Both days are included. A shop without one is not in the answer. The latest campaign wins;
    a pledge that expired later still counts for the days on which it held.
    """
    rows = (
        Pledge.objects.filter(
            pharmacy__in=pharmacy_ids,
            signed_at__date__lte=end,
            campaign__starts_on__lte=end,
            campaign__ends_on__gte=start,
        )
        .order_by("campaign__year", "pk")
        .values("pk", "pharmacy_id", "signed_at", "campaign__year", "campaign__ends_on")
    )
    answer = {}
    for row in rows:
        day = localtime(row["signed_at"]).date()
        answer[row["pharmacy_id"]] = {
            "pledge": row["pk"],
            "year": row["campaign__year"],
            "signed_on": day,
            "holds_until": row["campaign__ends_on"],
            "source": {
                "id": f"pledge/{row['pk']}",
                "kind": "pledge",
                "label": f"{row['campaign__year']} 年度承诺书",
                "value": f"{day.isoformat()} 签署",
            },
        }
    return answer


def standing_pledge(pharmacy: Pharmacy, *, on: date) -> Pledge | None:
    """Return the signed pledge that holds on the day ``on``, with its text and clauses."""
    return (
        Pledge.objects.holding_on(on)
        .filter(pharmacy=pharmacy)
        .select_related("campaign__text", "pharmacy")
        .prefetch_related("campaign__text__clauses")
        .order_by("-year", "-signed_at")
        .first()
    )


def to_invite(text: PledgeText, year: int, audience: Mapping[str, str]):
    """Return the open shops of the audience that have no pledge of this title in the year."""
    asked = Pledge.objects.filter(year=year, text_title=text.title)
    asked = asked.exclude(state=PledgeState.WITHDRAWN)
    shops = narrowed(Pharmacy.objects.active(), audience)
    return shops.exclude(pk__in=asked.values("pharmacy"))


def audience_preview(text: PledgeText, year: int, audience: Mapping[str, str]) -> dict:
    """Return how many shops a campaign would ask, by area, the first names, and who is left out."""
    shops = to_invite(text, year, audience)
    in_all = narrowed(Pharmacy.objects.active(), audience).count()
    areas = (
        shops.values(where=F("area__name"))
        .annotate(count=Count("pk"))
        .order_by(F("area__order").asc(nulls_last=True), "area__code")
    )
    rows = list(areas)
    count = sum(row["count"] for row in rows)
    names = shops.select_related("unit", "area").order_by("name_sort", "pk")[:PREVIEW_NAMES]
    return {
        "count": count,
        "areas": rows,
        "shops": list(names),
        "asked_already": in_all - count,
        "more": max(count - PREVIEW_NAMES, 0),
    }


def audience_words(audience: Mapping[str, str]) -> str:
    """Return the filters of an audience in words; 全部营业中的药店 when there are none."""
    words = []
    if area := audience.get("area"):
        words.append(Area.objects.filter(pk=area).values_list("name", flat=True).first() or "")
    if kind := audience.get("kind"):
        words.append(dict(UnitKind.choices).get(kind, kind))
    words += [f"“{audience[name]}”" for name in ("unit", "q") if audience.get(name)]
    return "，".join(word for word in words if word) or "全部营业中的药店"


def waiting_for(user, *, on: date) -> list[Pledge]:
    """Return the pledges that ``user`` may sign now, the most urgent first."""
    waiting = (
        Pledge.objects.visible_to(user)
        .filter(state__in=NOT_YET, pharmacy__in=Pharmacy.objects.active())
        .filter(campaign__ends_on__gte=on)
        .select_related("campaign__text", "pharmacy__area")
        .order_by("campaign__sign_by", "pk")
    )
    return [pledge for pledge in waiting if "sign" in acts_open_to(user, pledge)]


def acts_open_to(user, pledge: Pledge) -> tuple[str, ...]:
    """Return the acts that the record allows now and the person may do on it."""
    acts = PLEDGE.acts_from(pledge.state)
    offer = pending_offer(pledge) if pledge.state == PledgeState.AWAITING else None
    mute = {"lapse"} | (OFFICE_DECIDES if offer is None or offer.mandate_id else SHOP_DECIDES)
    return tuple(a for a in acts if a not in mute and allowed(user, PERMISSION_FOR[a], pledge))


def pending_offer(pledge: Pledge) -> Offer | None:
    """Return the signature that waits for a second person."""
    rows = pledge.offers.filter(state=OfferState.PENDING)
    return rows.select_related("scan", "mandate__unit", "offered_by").first()


def last_refusal(pledge: Pledge) -> Offer | None:
    """Return the latest offer that was sent back, while nothing newer came of it."""
    latest = pledge.offers.order_by("-pk").first()
    is_open = pledge.state == PledgeState.INVITED
    return latest if is_open and latest and latest.state == OfferState.REFUSED else None


def to_sign_for(user, *, on: date) -> list[Pledge]:
    """Return the open pledges of shops that ``user`` may sign for as their head office today."""
    units = Mandate.objects.holding_on(on).values("unit")
    rows = (
        Pledge.objects.visible_to(user)
        .waiting()
        .filter(campaign__ends_on__gte=on, pharmacy__unit__in=units)
        .select_related("campaign__text", "pharmacy__area")
        .order_by("campaign__sign_by", "pharmacy__name_sort", "pk")
    )
    return [pledge for pledge in rows[:200] if "sign_for" in acts_open_to(user, pledge)]


def offers_waiting(user):
    """Return the signatures that wait for a second person, the oldest first."""
    rows = Offer.objects.visible_to(user).filter(state=OfferState.PENDING)
    return rows.select_related("pledge__pharmacy__unit", "pledge__campaign").order_by("offered_at")


def mandates(user):
    """Return the mandates in sight with company and paper, those that end last on top."""
    rows = Mandate.objects.visible_to(user).select_related("unit", "paper")
    return rows.order_by("-ends_on", "-pk")


def draft_of(user, pledge: Pledge) -> SigningDraft | None:
    """Return what the person has ticked so far."""
    return pledge.drafts.filter(person=user).first()


def place_of_signature(pledge: Pledge) -> Place | None:
    """Return where the signature lies in the sealed trail; ``None`` while it is not sealed."""
    return place_of(pledge.audit_event) if pledge.audit_event else None


def may_issue(user, pledge: Pledge) -> bool:
    """Whether a further receipt would say more, and the person may ask for it."""
    if not pledge.signed_at or not allowed(user, Permission.PLEDGE_SIGN, pledge):
        return False
    last = pledge.receipts.order_by("-issue").first()
    return last is None or (last.seal_number is None and place_of_signature(pledge) is not None)


def signed_pledges():
    """Return every pledge that was ever signed, for whoever holds the word on its receipt."""
    rows = Pledge.objects.exclude(receipt_token="")
    return rows.select_related("campaign__text", "pharmacy")


def public_state(pledge: Pledge, *, on: date) -> dict:
    """Return what holds today in words for anybody: ``tone``, ``word``."""
    if pledge.state == PledgeState.SIGNED and pledge.campaign.ends_on >= on:
        return {"tone": "ok", "word": "有效"}
    if pledge.state in (PledgeState.SIGNED, PledgeState.EXPIRED):
        return {"tone": "warn", "word": "已到期"}
    return {"tone": "bad", "word": pledge.get_state_display()}


def verdict_on_file(pledge: Pledge, upload) -> dict:
    """Say whether the bytes are a receipt of ours for this pledge; the file is not kept."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    found = Receipt.objects.select_related("pledge").filter(sha256=digest.hexdigest()).first()
    if found is None:
        return {
            "tone": "bad",
            "title": "这份 PDF 不是协会签发的，或者内容被改过",
            "text": "以本页所示为准。重新下载回执后再核对；截图、另存或打印后扫描的文件都对不上。",
        }
    if found.pledge_id != pledge.pk:
        return {
            "tone": "warn",
            "title": "这是另一份承诺书的回执",
            "text": f"文件是协会签发的，编号 {found.pledge.number}，请扫那一份上的二维码核验。",
        }
    if found.issue < pledge.receipts.count():
        return {
            "tone": "ok",
            "title": "与协会签发的一致，之后又签发过新的一份",
            "text": f"这是第 {found.issue} 份，仍然有效；新的一份写明了封存位置。",
        }
    return {"tone": "ok", "title": "与协会签发的一致", "text": "一个字节也没有改动。"}


def progress(pledges) -> dict:
    """Return how many of ``pledges`` are signed, how many are not, and the same by area."""
    is_signed = Q(signed_at__isnull=False)
    counted = is_signed | Q(pk__in=pledges.unsigned().values("pk"))
    by_area = list(
        pledges.filter(counted)
        .values(code=F("pharmacy__area__code"), name=F("pharmacy__area__name"))
        .annotate(total=Count("pk"), signed=Count("pk", filter=is_signed))
        .order_by(F("pharmacy__area__order").asc(nulls_last=True), "code")
    )
    total, signed = (sum(row[key] for row in by_area) for key in ("total", "signed"))
    return {"total": total, "signed": signed, "waiting": total - signed, "areas": by_area}


def progress_by_unit(pledges, *, most: int = 20) -> list[dict]:
    """Return signed and all by company: those with several shops, the most open ones first."""
    is_signed = Q(signed_at__isnull=False)
    counted = is_signed | Q(pk__in=pledges.unsigned().values("pk"))
    rows = (
        pledges.filter(counted)
        .values(pk=F("pharmacy__unit"), name=F("pharmacy__unit__name"))
        .annotate(total=Count("pk"), signed=Count("pk", filter=is_signed))
        .filter(total__gt=1)
        .order_by(F("signed") - F("total"), "name")
    )
    return list(rows[:most])


def current_campaign(*, on: date) -> Campaign | None:
    """Return the campaign of the latest year that includes ``on``; of several the first opened."""
    rows = Campaign.objects.covering(on).select_related("text")
    return rows.order_by("-year", "opened_at", "pk").first()


def wall(*, on: date):
    """Return one standing pledge, the latest, of each open shop for the public wall."""
    latest = Pledge.objects.holding_on(on).order_by("pharmacy", "-year", "-signed_at", "-pk")
    return (
        Pledge.objects.filter(pk__in=latest.distinct("pharmacy").values("pk"))
        .filter(pharmacy__in=Pharmacy.objects.active())
        .select_related("pharmacy__area", "campaign")
        .order_by(
            F("pharmacy__area__order").asc(nulls_last=True), "pharmacy__name_sort", "pharmacy_id"
        )
    )


def wording(text: PledgeText) -> list[Wording]:
    """Return the clauses of a version as they are compared with those of another."""
    rows = text.clauses.order_by("seq").values_list("key", "seq", "title", "text")
    return [Wording(*row) for row in rows]


def texts(user):
    """Return the versions of the wording in sight, the newest first."""
    return PledgeText.objects.visible_to(user).order_by("-created_at", "-pk")


def clause(text: PledgeText, key: str) -> dict | None:
    """Return how a clause is cited: ``id``, ``kind``, ``label``; ``None`` when there is none."""
    found = text.clauses.filter(key=key).first()
    if found is None:
        return None
    return {
        "id": f"clause/{found.pk}",
        "kind": "clause",
        "label": f"《{text.title}》{text.version} 版第 {found.seq} 条“{found.title}”",
    }


def breaches(user):
    """Return the breaches in sight with what a list shows, the open ones first."""
    rows = Breach.objects.visible_to(user).select_related(
        "pledge__pharmacy__area", "clause", "level"
    )
    return rows.order_by(F("closed_at").desc(nulls_first=True), "-opened_at", "-pk")


def breach_acts(user, breach: Breach, *, on: date) -> tuple[str, ...]:
    """Return the acts that the breach allows on the day and the person may do on it."""
    acts = BREACH.acts_from(breach.state)
    if breach.state == BreachState.NOTIFIED:
        too_early = "decide" if on <= breach.hear_until else "hear"  # one or the other
        acts = tuple(act for act in acts if act != too_early)
    if breach.appealed_at is not None:
        acts = tuple(act for act in acts if act != "appeal")
    return tuple(act for act in acts if allowed(user, PERMISSION_FOR[act], breach))


def breaches_touching_veto(
    pharmacy_ids: Iterable[int], start: date, end: date
) -> dict[int, list[dict]]:
    """Return for each shop its breaches decided from ``start`` to ``end`` that touch a veto.

    Both days are included. Dismissed ones are no facts and are left out.
    """
    rows = (
        Breach.objects.filter(
            pledge__pharmacy__in=pharmacy_ids,
            decisions__decided_at__date__range=(start, end),
            decisions__number=1,
        )
        .exclude(state=BreachState.DISMISSED)
        .select_related("pledge", "clause", "level")
        .order_by("pk")
    )
    answer: dict[int, list[dict]] = {}
    for breach in rows:
        vetoes = [code for code in breach.clause.cites if code.startswith("veto/")]
        if vetoes:
            answer.setdefault(breach.pledge.pharmacy_id, []).append(
                {
                    "id": f"breach/{breach.pk}",
                    "kind": "breach",
                    "label": f"违诺：{breach.clause.title}，{breach.level.title}",
                    "vetoes": vetoes,
                    "state": breach.state,
                }
            )
    return answer


def names_shown(*, on: date, to_public: bool) -> list[Breach]:
    """Return the breaches whose shop may be named today: by level, and only until their day.

    While an appeal runs nobody is named.
    """
    wanted = [NamesFor.PUBLIC] if to_public else [NamesFor.PUBLIC, NamesFor.MEMBERS]
    rows = Breach.objects.filter(
        state=BreachState.DECIDED, names_until__gte=on, level__names_for__in=wanted
    )
    return list(
        rows.select_related("pledge__pharmacy__area", "clause", "level").order_by("-names_until")
    )


def possible_deciders():
    """Return who may sit in a decision: whoever holds a granted role of the office today."""
    roles = (Role.SECRETARIAT, Role.ADJUDICATOR, Role.REVIEWER)
    granted = RoleGrant.objects.in_force().filter(role__in=roles)
    return (
        get_user_model()
        .objects.filter(is_active=True, pk__in=granted.values("user"))
        .order_by("real_name", "pk")
    )
