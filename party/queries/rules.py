"""Which rules hold on a day for an organisation."""

from collections.abc import Iterable
from datetime import date

from party.models import PartyOrganisation, PartyRule
from party.rule_book import RuleBook


def rule_book(day: date, organisation: PartyOrganisation | None = None) -> RuleBook:
    """Return the rules in force on ``day``; local rules of the organisation or above win."""
    return _book(_rows(day), line_above(organisation) if organisation else [])


def rule_books(day: date, organisations: Iterable[PartyOrganisation]) -> dict[int, RuleBook]:
    """Return the rules of each organisation, in two queries."""
    rows, parents = _rows(day), _parents()
    return {each.pk: _book(rows, _line(each.pk, parents)) for each in organisations}


def line_above(organisation: PartyOrganisation) -> list[int]:
    """Return the organisation and those above it, the topmost first."""
    return _line(organisation.pk, _parents())


def _parents() -> dict[int, int | None]:
    return dict(PartyOrganisation.objects.values_list("pk", "parent"))


def _line(pk: int | None, parents: dict[int, int | None]) -> list[int]:
    line = []
    while pk is not None:
        line.append(pk)
        pk = parents.get(pk)
    return line[::-1]


def _rows(day: date) -> list[tuple]:
    rules = PartyRule.objects.in_force(day)
    return list(rules.values_list("organisation_id", "starts_on", "code", "value"))


def _book(rows: list[tuple], line: list[int]) -> RuleBook:
    order = {pk: place for place, pk in enumerate(line)}
    held = [
        (order.get(organisation, -1), starts_on, code, value)
        for organisation, starts_on, code, value in rows
        if organisation is None or organisation in order
    ]
    # The nearest organisation wins, and of the same place the version that began last.
    return RuleBook({code: value for *_, code, value in sorted(held, key=lambda row: row[:2])})
