"""What the person at the terminal sees: a line per step with its seconds, a sentence at a stop."""

import contextlib
import errno
import shutil
import sys
import time
from collections.abc import Iterator


class RefusedError(Exception):
    """The command cannot go on. Its text is a complete Chinese sentence that says what to do."""


def say(words: str = "") -> None:
    print(words, flush=True)


@contextlib.contextmanager
def step(words: str) -> Iterator[None]:
    """``启动数据库 … 0.9 秒``: the line stands from the beginning, the seconds follow."""
    print(f"  {words} … ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print("停止", flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} 秒", flush=True)


def disk_full(where: object = "") -> str:
    """The one sentence for a full disk."""
    return f"磁盘已满{f'：{where}' if where else ''}。请腾出至少 1 GB 空间后再运行一次。"


def sentence_for(problem: OSError) -> str:
    """The few troubles of a file system that a person can mend, in words."""
    where = f"：{problem.filename}" if problem.filename else ""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(problem.filename or "")
    if isinstance(problem, shutil.Error) and f"[Errno {errno.ENOSPC}]" in str(problem):
        return disk_full()  # a folder was being copied; the error is a list of every file
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"没有写入权限{where}。请换一个有权限的用户，或用 --data 指定另一个文件夹。"
    return f"系统报告：{problem.strerror or problem}{where}。"


def complain(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
