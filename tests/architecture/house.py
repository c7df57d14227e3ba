"""Where the house keeps its code, models, templates and doors: what the rules walk over."""

import inspect
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

HOUSE = Path(settings.BASE_DIR)
TEMPLATES = HOUSE / "templates"
ROOMS = [app.name for app in apps.get_app_configs() if Path(app.path).parent == HOUSE]


def code() -> list[Path]:
    """Return every Python file of the rooms; migrations are history and stay out."""
    files = [file for room in ROOMS for file in (HOUSE / room).rglob("*.py")]
    return sorted(file for file in files if "migrations" not in file.parts)


def name_of(file: Path) -> str:
    """Return the path as people write it: members/views/shops.py."""
    return file.relative_to(HOUSE).as_posix()


def layer_of(file: Path) -> str:
    """Return which file of its room it is: ``views`` for members/views/shops.py."""
    return file.relative_to(HOUSE).parts[1].removesuffix(".py")


def templates() -> list[str]:
    """Return the names by which the templates are asked for."""
    return sorted(file.relative_to(TEMPLATES).as_posix() for file in TEMPLATES.rglob("*.html"))


def models() -> list:
    """Return the models of the rooms."""
    return [model for room in ROOMS for model in apps.get_app_config(room).get_models()]


@cache
def project() -> dict:
    """Return pyproject.toml."""
    return tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))


def contract(name: str) -> dict:
    """Return the import contract whose name starts with ``name``."""
    contracts = project()["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["name"].startswith(name))


# ------------------------------------------------------------------ doors


@dataclass(frozen=True)
class Route:
    """One address by name, and what stands behind it."""

    name: str
    pattern: str
    view: object

    @property
    def module(self) -> str:
        return self.view.__module__

    @property
    def is_ours(self) -> bool:
        return self.module.partition(".")[0] in ROOMS

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that the view's own decorator lets in; empty without one."""
        return methods_of(self.view)

    @property
    def guards(self) -> list[str]:
        """The guards that the view wears (accounts.guards)."""
        marks = ("permission", "is_public", "is_for_every_login")
        return [mark for mark in marks if getattr(self.view, mark, None)]


@cache
def routes() -> tuple[Route, ...]:
    """Return every address of the portal; those of the back office too."""
    return tuple(_walk(get_resolver()))


def our_routes() -> list[Route]:
    """Return the addresses whose views are ours."""
    return [route for route in routes() if route.is_ours]


def _walk(resolver, prefix="", spaces=()) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (pattern.namespace,) if pattern.namespace else ()
            yield from _walk(pattern, path, spaces + inner)
        elif isinstance(pattern, URLPattern):
            yield Route(":".join([*spaces, pattern.name or ""]), path, pattern.callback)


def methods_of(view) -> tuple[str, ...]:
    """Return what require_safe, require_POST or require_http_methods on ``view`` lets in."""
    while view is not None:
        if getattr(view, "__closure__", None):
            kept = inspect.getclosurevars(view).nonlocals
            if "request_method_list" in kept:
                return tuple(kept["request_method_list"])
        view = getattr(view, "__wrapped__", None)
    return ()
