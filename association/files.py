"""Uploads and papers: checked, private, served only through a guarded view, erasable.

``accept`` takes what a stranger hands in, ``keep`` what the portal itself has made. A room links
its own record to the ``StoredFile`` and answers with ``response`` from its own view.
"""

import hashlib
import io
import subprocess
import sys
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

import puremagic
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import FileResponse, HttpResponse
from PIL import Image

from association import audit
from association.errors import BusinessRuleError
from association.file_check import BROKEN, REFUSED
from association.models import StoredFile

MEGABYTE = 1024 * 1024
CHILD_SECONDS = 30
# A tile on the page: 4.5 rem on a phone with three dots a pixel.
TILE_SIDE, TILE_SECONDS = 240, 3600
TILE_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Kind:
    """One sort of file that may be handed in; ``limit`` in bytes."""

    name: str
    label: str
    content_type: str
    limit: int


KINDS = {
    kind.name: kind
    for kind in (
        Kind("jpeg", "JPG 照片", "image/jpeg", 8 * MEGABYTE),
        Kind("png", "PNG 图片", "image/png", 8 * MEGABYTE),
        Kind("webp", "WebP 图片", "image/webp", 8 * MEGABYTE),
        Kind("pdf", "PDF", "application/pdf", 10 * MEGABYTE),
        Kind(
            "xlsx",
            "Excel 表格（.xlsx）",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            10 * MEGABYTE,
        ),
        Kind(
            "docx",
            "Word 文档（.docx）",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            10 * MEGABYTE,
        ),
    )
}
PHOTOS = ("jpeg", "png", "webp")
PAPERS = (*PHOTOS, "pdf")
ALL_KINDS = tuple(KINDS)
INLINE = frozenset(KINDS[name].content_type for name in PHOTOS)
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


class UnwantedFileError(BusinessRuleError):
    """The upload is empty, too large, broken, or of a kind that is not taken here."""


class ErasedFileError(BusinessRuleError):
    """The bytes were erased; who, when and why stands on the row."""


class AlreadyErasedError(BusinessRuleError):
    """Erasing twice would overwrite the first reason."""


def accept(
    upload, *, by, now: datetime, kinds: Collection[str] = ALL_KINDS, limit: int | None = None
) -> StoredFile:
    """Check the uploaded file and store it; raise ``UnwantedFileError`` with what to do.

    ``kinds`` names the sorts wanted (``PHOTOS``, ``PAPERS`` …). What the file is, its own bytes
    say: neither its name nor the browser is believed. Pictures are stored re-encoded.
    """
    largest = limit or max(KINDS[name].limit for name in kinds)
    if not upload.size:
        raise UnwantedFileError("文件是空的，请重新选择。")
    if upload.size > largest:
        raise UnwantedFileError(_too_large(largest))
    upload.seek(0)
    content = upload.read()
    kind = _kind_of(content, kinds)
    if len(content) > (limit or kind.limit):
        raise UnwantedFileError(_too_large(limit or kind.limit))
    return keep(
        _checked(content, kind), name=upload.name, content_type=kind.content_type, by=by, now=now
    )


def keep(content: bytes, *, name: str, content_type: str, by, now: datetime) -> StoredFile:
    """Store bytes that the portal itself made or has checked; return the row."""
    key = uuid.uuid4()
    return StoredFile.objects.create(
        pk=key,
        original_name=_plain_name(name),
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        path=default_storage.save(f"{now:%Y/%m}/{key}", ContentFile(content)),
        uploaded_at=now,
        uploaded_by=by,
    )


def open_for(stored: StoredFile) -> File:
    """Open the bytes for reading. Raises ``ErasedFileError``."""
    if stored.erased_at is not None:
        raise ErasedFileError(f"文件已清除：{stored.erased_reason}。需要时请对方重新上传。")
    return default_storage.open(stored.path, "rb")


def response(stored: StoredFile, *, inline: bool = False) -> FileResponse:
    """Answer with the file; the caller's view has already decided who may have it.

    ``inline=True`` shows a photo in the page; anything else is always a download. Either way
    the browser is told to run nothing that may hide in it.
    """
    shown = inline and stored.content_type in INLINE
    answer = FileResponse(
        open_for(stored),
        as_attachment=not shown,
        filename=stored.original_name,
        content_type=stored.content_type,
    )
    # What a browser draws around a picture by itself is an inline style; without leave for it
    # each look at a photo is a violation in the console.
    drawn = "img-src 'self'; style-src 'unsafe-inline'; " if shown else ""
    answer.headers["Content-Security-Policy"] = f"default-src 'none'; {drawn}sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def tile_response(stored: StoredFile) -> HttpResponse:
    """Answer with a small JPEG of a stored picture, for a page that shows many of them.

    The picture is one of ours: it was opened and drawn anew in the child process when it came.
    """
    with open_for(stored) as source, Image.open(source, formats=TILE_FORMATS) as picture:
        picture.draft("RGB", (TILE_SIDE, TILE_SIDE))
        small = picture.convert("RGB")
        small.thumbnail((TILE_SIDE, TILE_SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=75)
    answer = HttpResponse(out.getvalue(), content_type="image/jpeg")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = f"private, max-age={TILE_SECONDS}"
    return answer


@transaction.atomic
def erase(stored: StoredFile, *, by, reason: str, now: datetime) -> StoredFile:
    """Remove the bytes for good and keep the row with who, when and why."""
    stored = StoredFile.objects.select_for_update(of=("self",)).get(pk=stored.pk)
    if stored.erased_at is not None:
        raise AlreadyErasedError("文件已经清除过，不用再清除。")
    if not reason.strip():
        raise UnwantedFileError("请写明清除原因，例如“照片里有顾客面部”。")
    stored.erased_at, stored.erased_reason = now, reason.strip()
    stored.save(update_fields=["erased_at", "erased_reason"])
    audit.record("file.erased", by=by, target=stored, now=now, reason=stored.erased_reason)
    # Bytes go only when the row is safely written: a rolled-back erasure loses nothing.
    transaction.on_commit(lambda: default_storage.delete(stored.path))
    return stored


# ------------------------------------------------------------------ what the bytes say


def _kind_of(content: bytes, kinds: Collection[str]) -> Kind:
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise UnwantedFileError(
            "这是 HEIC 格式的照片，这里打不开。苹果手机请到“设置 → 相机 → 格式”选“兼容性最佳”"
            "后重拍；或把照片用微信发给自己，保存后再传。"
        )
    try:
        seen = {match.mime_type for match in puremagic.magic_string(content[:8192])}
    except puremagic.PureError:
        seen = set()
    possible = [kind for kind in KINDS.values() if kind.content_type in seen]
    if len(possible) > 1:  # office documents differ only in what the archive holds
        member = {"xlsx": b"xl/workbook.xml", "docx": b"word/document.xml"}
        possible = [kind for kind in possible if member.get(kind.name, b"\0none") in content]
    wanted = [kind for kind in possible if kind.name in kinds]
    if not wanted:
        labels = "、".join(KINDS[name].label for name in kinds)
        raise UnwantedFileError(f"这里只收 {labels}，请换一份再传。")
    return wanted[0]


def _checked(content: bytes, kind: Kind) -> bytes:
    """Return the bytes to keep, as the child process gives them back."""
    try:
        child = subprocess.run(  # noqa: S603 -- our own file, a word from our own table
            [sys.executable, "-I", str(Path(__file__).with_name("file_check.py")), kind.name],
            input=content,
            capture_output=True,
            timeout=CHILD_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnwantedFileError("文件太复杂，打不开，请换一份再传。") from None
    if child.returncode == REFUSED:
        raise UnwantedFileError(child.stderr.decode("utf-8", "replace"))
    if child.returncode != 0:
        # BROKEN is a damaged file; anything else is the child killed by its own limits.
        word = "文件已损坏" if child.returncode == BROKEN else "文件太复杂"
        raise UnwantedFileError(f"{word}，打不开，请换一份再传。")
    return child.stdout


def _too_large(limit: int) -> str:
    return f"文件超过 {limit // MEGABYTE} MB，请改小后再传。"


def _plain_name(name: str) -> str:
    """Return the last part of the name without control characters; never used as a path."""
    plain = "".join(
        letter for letter in PurePath(name.replace("\\", "/")).name if letter.isprintable()
    )
    return plain[-200:] or "文件"
