"""``./portal trust [NAME…]``: one JSON line a figure; 1 when one is not kept."""

import argparse
import os
import sys
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "association.settings")
os.environ.setdefault("LOG_LEVEL", "CRITICAL")  # what goes wrong is meant to; the figures tell

import django

django.setup()

from trust import background, messages, sealing  # noqa: F401 -- register their figures
from trust.harness import FIGURES, counted, go_full, keep, named, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal trust", description="可靠性数字。")
    parser.add_argument("names", nargs="*", metavar="名称", help="、".join(FIGURES))
    parser.add_argument("--full", action="store_true", help="按承诺里写的数量跑，要十几分钟")
    given = parser.parse_args()
    if given.full:
        go_full()
    unknown = [name for name in given.names if named(name) is None]
    if unknown:
        parser.error(f"没有这一项：{'、'.join(unknown)}。有的是：{'、'.join(FIGURES)}。")
    lines = []
    for name in [named(word) for word in given.names] or FIGURES:
        line = counted(name)
        print(line.as_json(), flush=True)
        lines.append(line)
    say(f"写入 {keep(lines, datetime.now())}")  # noqa: DTZ005 -- names a file of this machine
    broken = [line.name for line in lines if not line.is_kept]
    if broken:
        say(f"没有做到：{'、'.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
