"""Finding a shop or a company by a piece of its name, by initials or by licence number.

The database holds an index over ``bigrams(name_folded)``: each character of the name and each
pair of neighbours. It finds two Chinese characters in a country's worth of shops at once,
where LIKE reads them all.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from members.search_terms import Word, words


def search(rows: models.QuerySet, typed: str, *, licence: str | None = None) -> models.QuerySet:
    """Return the rows of a register that hold every word of ``typed``; all for an empty one."""
    for word in words(typed):
        rows = rows.alias(
            name_grams=Func(
                F("name_folded"),
                function="bigrams",
                output_field=ArrayField(models.TextField()),
            )
        )
        condition = _in_name(word)
        if word.is_initials:
            # Names that begin with t sort under t: the index by name starts and ends there.
            condition = Q(name_initials__startswith=word.text, name_sort__startswith=word.text[0])
        elif licence and word.licence:
            # Clerks leave out the province in front: 闽DA592… is found by DA592.
            rows = rows.alias(
                licence_tail=Func(
                    F(licence),
                    Value("^[^A-Za-z0-9]+"),
                    Value(""),
                    function="regexp_replace",
                    output_field=models.TextField(),
                )
            )
            condition |= Q(licence_tail__startswith=word.licence)
        rows = rows.filter(condition)
    return rows


def _in_name(word: Word) -> Q:
    condition = Q(name_grams__contains=list(word.grams))
    if not word.is_exact:
        condition &= Q(name_folded__contains=word.text)
    return condition
