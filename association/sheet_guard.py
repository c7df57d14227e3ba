"""What a workbook is looked at for before any parser sees it. Standard library only.

A file of 1.4 KB can ask a parser for hundreds of gigabytes. Here the parts are streamed and
counted; what remains dangerous meets the memory and time limits of the child process.
"""

import re
import zipfile
from dataclasses import dataclass
from typing import IO

from association.errors import BusinessRuleError

CHUNK = 1 << 20
OVERLAP = 512  # a tag that lies across two chunks is seen again in the next

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
OTHER_KINDS = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
)
SAVE_AS = "请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"

ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\sr="(\d{1,9})"')
HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\shidden="(?:1|true)"')
HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\b[^>]*?\shidden="(?:1|true)"')
# Columns from CA on: only a far one is worth counting cell by cell.
FAR_CELL = re.compile(rb'<c r="([A-Z]{3}|[C-Z][A-Z])(\d{1,9})"[^>/]*>')
DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
UNCOMPUTED = (b"</f></c>", b"</f><v/></c>", b"</f><v /></c>", b"</f><v></v></c>")


class UnreadableSheetError(BusinessRuleError):
    """The file cannot be read as a sheet; the message says what to do about it."""


@dataclass(frozen=True)
class Limits:
    """How much one uploaded sheet may ask of the machine."""

    megabytes: int = 20
    members: int = 200
    unpacked_megabytes: int = 300
    ratio: int = 100
    rows: int = 200_000
    columns: int = 100
    memory_megabytes: int = 512
    cpu_seconds: int = 20
    wall_seconds: int = 40


def kind_of(head: bytes, size: int, limits: Limits) -> str:
    """Return ``xlsx``, ``xls`` or ``csv`` by what the file is, not by what it is called."""
    if size == 0 or not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise UnreadableSheetError("文件是空的，请检查是否选错了文件。")
    if size > limits.megabytes << 20:
        raise UnreadableSheetError(
            f"文件超过 {limits.megabytes} MB，请删去图片和不需要的工作表，或拆成几个文件再上传。"
        )
    if head.startswith((ZIP, EMPTY_ZIP)):
        return "xlsx"
    if head.startswith(OLE):
        return "xls"
    for magic, name in OTHER_KINDS:
        if head.startswith(magic):
            raise UnreadableSheetError(f"这是{name}，不是表格，请上传 .xlsx、.xls 或 .csv 文件。")
    start = head[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<meta")):
        raise UnreadableSheetError(f"这是改名为表格的网页文件，{SAVE_AS}")
    if start.startswith(b"<?xml"):
        raise UnreadableSheetError(f"这是 XML 格式的旧表格，{SAVE_AS}")
    return "csv"


def inspect_xls(data: bytes) -> list[str]:
    """Refuse an encrypted workbook by name; the parser's limits are the wall for the rest."""
    if ENCRYPTED_PART in data:
        raise UnreadableSheetError("文件有打开密码，请在 Excel 或 WPS 里取消密码后再上传。")
    if "WordDocument".encode("utf-16-le") in data and "Workbook".encode("utf-16-le") not in data:
        raise UnreadableSheetError("这是 Word 文档，不是表格，请上传 .xlsx、.xls 或 .csv 文件。")
    return ["文件里的宏已忽略。"] if "_VBA_PROJECT".encode("utf-16-le") in data else []


def inspect_xlsx(source: IO[bytes], size: int, limits: Limits) -> list[str]:
    """Stream every part of a zipped workbook and return the notes for the person.

    Raises ``UnreadableSheetError`` on too many or too big parts, a declared document type,
    too many rows or columns, a damaged or foreign archive.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            return _inspect_parts(archive, size, limits)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise _damaged() from error
    except RuntimeError as error:  # zipfile's word for a part with a password
        raise UnreadableSheetError("压缩内容有密码，请取消密码后再上传。") from error
    except Exception as error:
        if type(error).__module__ in {"zlib", "lzma", "_lzma", "bz2", "struct"}:
            raise _damaged() from error
        raise


def _damaged() -> UnreadableSheetError:
    return UnreadableSheetError(f"文件不完整或已损坏，可能没有传完。{SAVE_AS}")


def _inspect_parts(archive: zipfile.ZipFile, size: int, limits: Limits) -> list[str]:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    _refuse_foreign(names)
    if len(parts) > limits.members:
        raise UnreadableSheetError(
            f"文件里有 {len(parts)} 个部件，超过 {limits.members} 个。"
            "请只留下要导入的工作表，另存为 .xlsx 后再上传。"
        )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked_megabytes << 20 or unpacked > limits.ratio * max(size, 4096):
        raise UnreadableSheetError(
            "文件展开后太大，不像是普通的名册。请把需要的内容复制到新表格，另存为 .xlsx 后再上传。"
        )
    notes = []
    if any(name.endswith("vbaproject.bin") for name in names):
        notes.append("文件里的宏已忽略。")
    if any(name.startswith("xl/externallinks/") for name in names):
        notes.append("文件里指向其他文件的链接不会打开，只读取表中已有的内容。")
    seen = _Seen()
    for part in parts:
        name = part.filename.lower()
        if name.endswith((".xml", ".rels", ".vml")):
            is_sheet = SHEET_PART.fullmatch(name) is not None
            with archive.open(part) as stream:
                _stream(stream, part.file_size, seen if is_sheet else None, limits)
    return notes + seen.notes()


def _refuse_foreign(names: set[str]) -> None:
    if "xl/workbook.xml" in names:
        return
    if "word/document.xml" in names:
        what = "这是 Word 文档，不是表格，请上传 .xlsx、.xls 或 .csv 文件。"
    elif "xl/workbook.bin" in names or "content.xml" in names:
        what = f"这种表格格式不能读取，{SAVE_AS}"
    elif "[content_types].xml" in names:
        what = f"文件里没有工作表，{SAVE_AS}"
    else:
        what = "这是压缩包，请解压后上传里面的 .xlsx、.xls 或 .csv 文件。"
    raise UnreadableSheetError(what)


@dataclass
class _Seen:
    """What the sheets of one workbook hold, counted over all of them."""

    hidden_rows: int = 0
    hidden_columns: int = 0
    uncomputed: int = 0
    errors: int = 0

    def notes(self) -> list[str]:
        told = []
        if self.hidden_rows:
            told.append(f"有 {self.hidden_rows} 行被隐藏或筛掉，也会一并读取。")
        if self.hidden_columns:
            told.append("有隐藏的列，也会一并读取。")
        if self.uncomputed:
            told.append(
                f"有 {self.uncomputed} 个公式没有计算结果，按空白读取。"
                "需要这些结果时，请在 Excel 或 WPS 里打开保存一次再上传。"
            )
        if self.errors:
            told.append(f"有 {self.errors} 个单元格是公式错误（如 #N/A），按空白读取。")
        return told


def _stream(stream: IO[bytes], declared: int, seen: _Seen | None, limits: Limits) -> None:
    """Read one part in chunks; count its rows, far columns and hidden parts."""
    tail = b""
    read = rows = 0
    far_columns: set[bytes] = set()
    while chunk := stream.read(CHUNK):
        read += len(chunk)
        if read > declared:
            raise _damaged()
        window = tail + chunk
        if read == len(chunk) and window.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UnreadableSheetError(f"文件的内部编码不寻常，{SAVE_AS}")
        if b"<!" in window and DECLARATION.search(window):
            raise UnreadableSheetError(f"文件里有不允许的 XML 声明，{SAVE_AS}")
        if seen is not None:
            fresh = len(tail)
            rows = max(rows, _last_row(window))
            if rows > limits.rows:
                raise UnreadableSheetError(
                    f"第 {rows} 行还有内容或格式，超过 {limits.rows} 行。"
                    "请选中名册下方的空行，删除整行后保存，再上传。"
                )
            if FAR_CELL.search(window):
                far_columns.update(found[1] for found in FAR_CELL.finditer(window))
            if len(far_columns) > limits.columns or any(len(c) > 2 for c in far_columns):
                raise UnreadableSheetError(
                    f"表格超过 {limits.columns} 列。请只留下要导入的列，删除右侧多余的列再上传。"
                )
            if b"hidden=" in window:
                seen.hidden_rows += _count_new(HIDDEN_ROW, window, fresh)
                seen.hidden_columns += _count_new(HIDDEN_COLUMN, window, fresh)
            if b"</f>" in chunk:
                seen.uncomputed += sum(map(chunk.count, UNCOMPUTED))
            seen.errors += chunk.count(b' t="e"')
        tail = window[-OVERLAP:]


def _last_row(window: bytes) -> int:
    """Return the number of the last row tag: rows stand in order in any honest file."""
    found = ROW.search(window, window.rfind(b"row ") - 8 if b"row " in window else len(window))
    return int(found[1]) if found else 0


def _count_new(pattern: re.Pattern[bytes], window: bytes, fresh: int) -> int:
    """Count the matches that end in the new chunk: those of the overlap are counted already."""
    return sum(1 for found in pattern.finditer(window) if found.end() > fresh)
