"""The child process behind an upload: opens a stranger's file where it can hurt nobody.

Run as ``python -I file_check.py KIND``, bytes in on stdin, bytes out on stdout, one line of why
not on stderr. Stands alone on purpose: no Django, no database, no secrets in its environment;
memory and processor time are limited before the first byte is read.

Pictures come out as new pictures: turned upright, no larger than needed, without EXIF, places,
thumbnails or anything hidden behind the last pixel. Papers come out as they went in, or not.
"""

import io
import resource
import sys
import warnings
import zipfile

MEMORY = 1024 * 1024 * 1024
PROCESSOR_SECONDS = 20
MAX_PIXELS = 40_000_000
# The longest side kept: a licence photographed whole stays legible at this size.
LONGEST_SIDE = 3000
PICTURES = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
OFFICE = {"xlsx": "xl/workbook.xml", "docx": "word/document.xml"}
MAX_MEMBERS = 2000
MAX_UNPACKED = 300 * 1024 * 1024
MAX_RATIO = 100
REFUSED, BROKEN = 3, 4


class RefusedError(Exception):
    """The file is what it says and still not wanted; the text says why, in Chinese."""


def picture(content: bytes, kind: str) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 -- only this kind of child pays for it

    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    image: Image.Image = Image.open(io.BytesIO(content), formats=[PICTURES[kind]])
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise RefusedError("照片超过 4000 万像素，请改小后再传。")
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    image = ImageOps.exif_transpose(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    has_alpha = kind != "jpeg" and ("A" in image.getbands() or "transparency" in image.info)
    clean = image.convert("RGBA" if has_alpha else "RGB")
    clean.info = {}
    out = io.BytesIO()
    options = {"jpeg": {"quality": 85, "optimize": True}, "webp": {"quality": 85}, "png": {}}
    clean.save(out, PICTURES[kind], **options[kind])
    return out.getvalue()


FORBIDDEN = {"/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia"}


def pdf(content: bytes) -> bytes:
    from pypdf import PdfReader  # noqa: PLC0415 -- only this kind of child pays for it

    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise RefusedError("PDF 加了密码，请取消密码后再传。")
    if not len(reader.pages):
        raise RefusedError("PDF 里没有页面，请换一份再传。")
    things: list[object] = [reader.trailer["/Root"]]
    things += [reader.get_object(number) for number in range(1, int(str(reader.trailer["/Size"])))]
    while things:
        thing = things.pop()
        if isinstance(thing, dict):
            if FORBIDDEN & {str(word) for word in (*thing, thing.get("/S"), thing.get("/Type"))}:
                raise RefusedError("PDF 里带有程序或附件，请打印成普通 PDF 再传。")
            things += [value for value in thing.values() if isinstance(value, dict | list)]
        elif isinstance(thing, list):
            things += [value for value in thing if isinstance(value, dict | list)]
    return content


def office(content: bytes, kind: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members) or 1
        if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or unpacked / packed > MAX_RATIO:
            raise RefusedError("文件解开后太大，请拆成几份再传。")
        names = {member.filename for member in members}
        if OFFICE[kind] not in names:
            raise ValueError("The archive is no document of this kind.")
        if any(name.endswith("vbaProject.bin") for name in names):
            raise RefusedError("文件里带有宏，请另存为不带宏的格式再传。")
        if archive.testzip() is not None:
            raise ValueError("A member is damaged.")
    return content


def check(content: bytes, kind: str) -> bytes:
    if kind in PICTURES:
        return picture(content, kind)
    if kind in OFFICE:
        return office(content, kind)
    return pdf(content)


def main(kind: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    try:
        checked = check(sys.stdin.buffer.read(), kind)
    except RefusedError as error:
        sys.stderr.write(str(error))
        return REFUSED
    except (Exception, MemoryError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:500])
        return BROKEN
    sys.stdout.buffer.write(checked)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
