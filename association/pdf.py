"""Turning a template into a printed page."""

import gc
import mimetypes
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse


def render_pdf(template: str, context: dict) -> bytes:
    """Return ``template`` as a PDF. Pictures, styles and fonts are named ``static:css/x.css``.

    Chinese glyphs come from the fonts in the repository, never from the system or the net.
    """
    return html_to_pdf(render_to_string(template, context))


def html_to_pdf(html: str) -> bytes:
    """Return the finished page ``html`` as a PDF."""
    was_collecting = gc.isenabled()
    gc.disable()  # WeasyPrint builds and drops one tree; collecting meanwhile costs up to 40 %
    try:
        document = HTML(string=html, url_fetcher=StaticFetcher(), base_url="static:")
        return document.write_pdf(font_config=_fonts())
    finally:
        if was_collecting:
            gc.enable()


@cache
def _fonts() -> FontConfiguration:
    """One configuration for the process: a new one per file halves the speed."""
    return FontConfiguration()


class StaticFetcher(URLFetcher):
    """Serve files under ``static/`` and small ``data:`` pictures; stop the print for the rest.

    Data typed by a member ends up in these pages; it must never make the server read another
    file or call an address (SSRF).
    """

    def fetch(self, url, headers=None):
        if url.startswith(("data:image/png", "data:image/jpeg", "data:image/svg+xml")):
            return super().fetch(url, headers)
        root = (Path(settings.BASE_DIR) / "static").resolve()
        path = (root / unquote(url.removeprefix("static:")).lstrip("/")).resolve()
        if not url.startswith("static:") or not path.is_relative_to(root) or not path.is_file():
            raise FatalURLFetchingError(f"A document may not load {url!r}.")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, path.read_bytes(), headers={"Content-Type": kind})
