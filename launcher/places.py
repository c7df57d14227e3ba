"""Where things lie: the project, its data, and whether they may be written."""

import os
import pwd
import shutil
from pathlib import Path

from launcher.screen import RefusedError

ROOT = Path(__file__).resolve().parent.parent
SPACE_FOR_DATA_MB = 300  # an empty cluster is 41 MB, its server 40 MB; the rest is room to work
FULL_BELOW_BYTES = 1_000_000
SPACE_FOR_LIBRARIES_MB = 700  # measured: .venv with test tools 520 MB


def home() -> Path:
    """The person's home, also where HOME is unset or empty."""
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def data_folder(chosen: str | None) -> Path:
    """``--data``, else PORTAL_DATA, else /var/lib/portal for root, else the person's XDG place."""
    if chosen or os.environ.get("PORTAL_DATA"):
        return Path(chosen or os.environ["PORTAL_DATA"]).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/portal")
    return Path(os.environ.get("XDG_DATA_HOME") or home() / ".local/share") / "portal"


def make_writable(folder: Path) -> Path:
    """The folder, made if need be; refuses where we may not write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as problem:
        raise RefusedError(
            f"不能建立文件夹 {folder}。请用 --data 指定一个可以写入的文件夹。"
        ) from problem
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusedError(
            f"没有写入 {folder} 的权限。请换一个用户，或用 --data 指定另一个文件夹。"
        )
    return folder


def is_full(folder: Path) -> bool:
    """Whether nothing more can be written: what a program then says did not reach its log."""
    return shutil.disk_usage(folder).free < FULL_BELOW_BYTES


def write_whole(place: Path, words: str, *, mode: int = 0o644) -> None:
    """Writes a file so that it is there whole or not at all, also on a full disk."""
    unfinished = place.with_name(f".{place.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(words)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def need_space(folder: Path, megabytes: int) -> None:
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < megabytes:
        raise RefusedError(
            f"磁盘空间不足：{folder} 所在的磁盘只剩 {free} MB，需要 {megabytes} MB。"
            "请腾出空间后再运行一次。"
        )
