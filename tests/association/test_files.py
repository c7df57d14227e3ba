import io
import subprocess
import zipfile

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from association import files
from association.files import AlreadyErasedError, ErasedFileError, UnwantedFileError
from association.models import AuditEvent, StoredFile
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory

NOW = timezone.now()
ORIENTATION, GPS = 0x0112, 0x8825


def photo(form="JPEG", size=(60, 40), *, rotated=False) -> bytes:
    image = Image.new("RGB", size, "teal")
    exif = image.getexif()
    if rotated:
        exif[ORIENTATION] = 6
        exif[GPS] = {1: "N", 2: (24.0, 27.0, 0.0)}
    out = io.BytesIO()
    image.save(out, form, exif=exif)
    return out.getvalue()


def paper(*, password=None, script=False) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if script:
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
        )
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def workbook() -> bytes:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def with_macro() -> bytes:
    out = io.BytesIO(workbook())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


def hand_in(content: bytes, name="照片.jpg", **options) -> StoredFile:
    upload = SimpleUploadedFile(name, content)
    return files.accept(upload, by=UserFactory(), now=NOW, **options)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_stored_as_a_new_picture(form):
    stored = hand_in(photo(form), "x.bin")

    with files.open_for(stored) as kept:
        image = Image.open(kept)
        image.load()
    assert image.format == form
    assert stored.content_type == f"image/{form.lower()}"
    assert stored.original_name == "x.bin"
    assert "x.bin" not in stored.path


@pytest.mark.django_db
def test_a_photo_is_turned_upright_and_loses_its_place():
    stored = hand_in(photo(size=(60, 40), rotated=True))

    with files.open_for(stored) as kept:
        image = Image.open(kept)
        assert image.size == (40, 60)
        assert dict(image.getexif()) == {}


@pytest.mark.django_db
def test_a_large_photo_is_made_smaller():
    stored = hand_in(photo(size=(4000, 1000)))

    with files.open_for(stored) as kept:
        assert Image.open(kept).size == (3000, 750)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "content_type"),
    [(paper(), "application/pdf"), (workbook(), files.KINDS["xlsx"].content_type)],
    ids=["pdf", "xlsx"],
)
def test_a_paper_is_stored_as_it_came(content, content_type):
    stored = hand_in(content, "材料")

    assert stored.content_type == content_type
    with files.open_for(stored) as kept:
        assert kept.read() == content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "文件是空的"),
        (b"hello", "这里只收"),
        (b"<html><script>alert(1)</script></html>", "这里只收"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (photo()[:200], "已损坏"),
        (b"%PDF-1.4\nnothing", "已损坏"),
        (paper(password="x"), "密码"),
        (paper(script=True), "程序或附件"),
        (with_macro(), "宏"),
        (b"\xff\xd8\xff\xe0" + b"x" * (11 * files.MEGABYTE), "超过 10 MB"),
        (photo()[:300] + b"x" * (9 * files.MEGABYTE), "超过 8 MB"),
    ],
    ids=[
        "empty",
        "text",
        "html",
        "heic",
        "cut photo",
        "cut pdf",
        "locked pdf",
        "pdf with script",
        "macro",
        "too large",
        "too large a photo",
    ],
)
def test_an_unwanted_file_is_refused_with_a_sentence_and_nothing_is_kept(content, sentence):
    with pytest.raises(UnwantedFileError, match=sentence):
        hand_in(content)

    assert not StoredFile.objects.exists()


@pytest.mark.django_db
def test_a_good_file_of_a_kind_not_wanted_here_is_refused():
    with pytest.raises(UnwantedFileError, match="这里只收 JPG 照片、PNG 图片、WebP 图片"):
        hand_in(paper(), kinds=files.PHOTOS)


@pytest.mark.django_db
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")

    with pytest.raises(UnwantedFileError):
        hand_in(out.getvalue())


def test_the_child_knows_no_secret():
    seen = subprocess.run(["env"], capture_output=True, env={}, check=True)

    assert seen.stdout == b""


@pytest.mark.django_db
def test_a_photo_may_be_shown_and_a_paper_is_always_a_download():
    shown = files.response(hand_in(photo()), inline=True)
    download = files.response(hand_in(paper(), "材料.pdf"), inline=True)

    assert shown.headers["Content-Disposition"].startswith("inline")
    assert download.headers["Content-Disposition"].startswith("attachment")
    policies = [answer.headers["Content-Security-Policy"] for answer in (shown, download)]
    around_a_picture = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
    assert policies == [around_a_picture, "default-src 'none'; sandbox"]
    for answer in (shown, download):
        answer.close()


@pytest.mark.django_db
def test_a_hostile_name_becomes_a_plain_one():
    assert hand_in(photo(), "a\r\nb.jpg").original_name == "ab.jpg"


@pytest.mark.django_db
def test_erase_removes_the_bytes_and_keeps_who_and_why(django_capture_on_commit_callbacks):
    stored, person = StoredFileFactory(), UserFactory()

    with django_capture_on_commit_callbacks(execute=True):
        erased = files.erase(stored, by=person, reason="照片里有顾客面部", now=NOW)

    assert not default_storage.exists(stored.path)
    with pytest.raises(ErasedFileError, match="照片里有顾客面部"):
        files.open_for(erased)
    assert AuditEvent.objects.get().act == "file.erased"
    with pytest.raises(AlreadyErasedError):
        files.erase(stored, by=person, reason="再次", now=NOW)


@pytest.mark.django_db
def test_erase_without_a_reason_is_refused_and_changes_nothing():
    stored = StoredFileFactory()

    with pytest.raises(UnwantedFileError, match="清除原因"):
        files.erase(stored, by=UserFactory(), reason=" ", now=NOW)

    stored.refresh_from_db()
    assert stored.erased_at is None
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_tile_is_a_small_jpeg_of_any_picture_that_is_kept(form):
    upload = SimpleUploadedFile(f"p.{form.lower()}", photo(form, (1200, 800)))
    stored = files.accept(upload, by=UserFactory(), now=NOW)

    answer = files.tile_response(stored)

    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, max(picture.size)) == ("JPEG", files.TILE_SIDE)
    assert answer["Cache-Control"] == "private, max-age=3600"


@pytest.mark.django_db
def test_an_erased_picture_has_no_tile():
    upload = SimpleUploadedFile("p.jpg", photo())
    stored = files.accept(upload, by=UserFactory(), now=NOW)
    stored = files.erase(stored, by=UserFactory(), reason="有顾客面部", now=NOW)

    with pytest.raises(ErasedFileError):
        files.tile_response(stored)
