"""What other rooms show on the page of one shop: pledge, star, violations.

The register stands below those rooms and must not know them; they hand in a panel from their
``AppConfig.ready``::

    panels.register("stars", "星级", "starrating/_shop_panel.html", queries.shop_panel, order=10)

``build(user, pharmacy)`` returns the context of the template, or ``None`` where this person has
nothing to see. The template gets ``panel`` (that context), ``pharmacy`` and ``phone`` (whether
the page is the owner's on the phone) and writes what goes below the heading.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Panel:
    """One block on the page of a shop."""

    key: str
    title: str
    template: str
    build: Callable[..., dict | None]
    order: int = 100


_PANELS: dict[str, Panel] = {}


def register(
    key: str, title: str, template: str, build: Callable[..., dict | None], *, order: int = 100
) -> None:
    """Add a panel; a second registration of the same ``key`` replaces the first."""
    _PANELS[key] = Panel(key, title, template, build, order)


def panels_for(user, pharmacy) -> list[dict]:
    """Return the panels that the person sees on the shop's page, in their order."""
    shown = []
    for panel in sorted(_PANELS.values(), key=lambda panel: (panel.order, panel.key)):
        context = panel.build(user, pharmacy)
        if context is not None:
            shown.append({"title": panel.title, "template": panel.template, "context": context})
    return shown
