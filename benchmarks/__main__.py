"""``./portal bench [NAME…] [--size S]``: one JSON line a figure; 1 when a goal is missed."""

import argparse
import json
import os
import sys
import tempfile
from datetime import datetime

DATA = tempfile.TemporaryDirectory(prefix="portal-bench-")  # goes when we do
os.environ |= {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "PORTAL_DATA": DATA.name}

import django

django.setup()

from benchmarks import (  # noqa: F401 -- register
    certificates,
    coldstart,
    import_,
    rate,
    reminders,
    shop_list,
    weight,
)
from benchmarks.harness import BENCHMARKS, keep, measured, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal bench", description="测速。")
    parser.add_argument("names", nargs="*", metavar="名称", help="、".join(BENCHMARKS))
    parser.add_argument("--size", type=int, help="只测这一种规模")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"没有这一项：{'、'.join(unknown)}。有的是：{'、'.join(BENCHMARKS)}。")
    figures = []
    for figure in measured(given.names or list(BENCHMARKS), given.size):
        print(json.dumps(figure.as_dict(), ensure_ascii=False), flush=True)
        figures.append(figure)
    say(f"写入 {keep(figures, datetime.now())}")  # noqa: DTZ005 -- the clock of this machine names the file
    missed = [figure.job for figure in figures if not figure.is_met]
    if missed:
        say(f"没有达到目标：{'、'.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
