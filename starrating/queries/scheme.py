"""Scheme versions as their pages show them."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet

from accounts.permissions import allowed
from accounts.roles import Permission
from starrating import scheme_words as words
from starrating.enums import SchemeState
from starrating.models import Cycle, Scheme
from starrating.scheme_shape import SCORERS


def schemes_for(user) -> QuerySet[Scheme]:
    """Return the versions in sight, the newest first, each with the cycles that rest on it."""
    cycles = Prefetch("cycles", queryset=Cycle.objects.order_by("-starts_on", "-pk"))
    return (
        Scheme.objects.visible_to(user)
        .defer("document")
        .select_related("published_by")
        .prefetch_related(cycles)
        .order_by("-created_at", "-pk")
    )


def choosable() -> QuerySet[Scheme]:
    """Return the versions that a cycle may be planned on, the newest first."""
    schemes = Scheme.objects.exclude(state=SchemeState.RETIRED).defer("document")
    return schemes.order_by("-created_at", "-pk")


def usable_on(day: date) -> QuerySet[Scheme]:
    """Return the versions on which a cycle may open on ``day``, the newest first."""
    return (
        Scheme.objects.published()
        .filter(valid_from__lte=day, valid_to__gte=day)
        .order_by("-published_at", "-pk")
    )


def may_publish(user, scheme: Scheme) -> bool:
    """Return whether the version is a draft and this person may bring it into force."""
    return scheme.state == SchemeState.DRAFT and allowed(user, Permission.SCHEME_MANAGE, scheme)


@dataclass(frozen=True)
class SchemeView:
    """The rules of a scheme laid out for reading."""

    dimensions: list[dict]
    bonus: list[dict]
    bonus_rules: list[str]
    vetoes: list[dict]
    bands: list[dict]
    general: list[str]
    sections: list[dict]
    notes: list[str]


def laid_out(scheme: Scheme) -> SchemeView:
    """Return the whole scheme in words, part by part."""
    rules = scheme.rules
    names = {item.code: item.name for item in rules.items}
    return SchemeView(
        dimensions=[
            {
                "code": dimension.code,
                "name": dimension.name,
                "full": dimension.full,
                "how": words.dimension_words(dimension),
                "items": [
                    {
                        "code": item.code,
                        "name": item.name,
                        "full": item.full,
                        "scorer": SCORERS[item.scorer],
                        "how": words.how_scored(item),
                        "remarks": words.remarks(item),
                        "evidence": item.evidence,
                        "basis": words.basis_words(rules, item.basis),
                    }
                    for item in dimension.items
                ],
            }
            for dimension in rules.dimensions
        ],
        bonus=[
            {
                "code": line.code,
                "name": line.name,
                "how": words.bonus_words(line),
                "evidence": line.evidence,
            }
            for line in rules.bonus.lines
        ],
        bonus_rules=words.bonus_rules(rules),
        vetoes=[
            {
                "code": veto.code,
                "name": veto.name,
                "effect": words.veto_words(veto),
                "basis": words.basis_words(rules, veto.basis),
            }
            for veto in rules.vetoes
        ],
        bands=[
            {
                "stars": band.stars,
                "name": words.star_name(band.stars),
                "conditions": [condition.label for condition in band.conditions],
            }
            for band in rules.bands
        ],
        general=words.general_rules(rules),
        sections=[
            {
                "name": section.name,
                "minutes": section.minutes,
                "items": [names[code] for code in section.items],
            }
            for section in rules.sections
        ],
        notes=list(rules.notes.values()),
    )
