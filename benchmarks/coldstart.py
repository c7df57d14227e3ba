"""``coldstart``: from a fresh clone to the first page of the demo, and how much of it is ours.

What is ours: migrations, default content, demo data, collected styles. The rest is making the
environment and fetching libraries, which depends on the network of the day; and where system
packages are missing the demo installs them too (docs/install.md has the time of a bare system).
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from benchmarks.harness import Figure, benchmark

WHOLE, OURS = 180.0, 20.0  # seconds
STEPS_OF_OURS = ("建立数据表", "装入默认内容", "装入演示数据", "收集样式和字体")
STEP = re.compile(r"^  (\S+).*… ([\d.]+) 秒$", re.MULTILINE)


@benchmark("coldstart", sizes=(1,))
def coldstart(size: int) -> Iterable[Figure]:
    """Clone what is committed, run ``./portal demo`` with an empty home, stop, start again."""
    place = Path(tempfile.mkdtemp(prefix="portal-cold-", dir="/var/tmp"))
    place.chmod(0o755)
    try:
        clone = ["git", "clone", "-q", "--no-hardlinks", settings.BASE_DIR, place / "clone"]
        subprocess.run(clone, check=True)
        cold, steps = first_page(place)
        warm, _ = first_page(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    ours = sum(took for name, took in steps if name.startswith(STEPS_OF_OURS))
    yield Figure("coldstart", size, cold, WHOLE, 1.0, more={"steps": dict(steps)})
    yield Figure("coldstart/ours", size, ours, OURS, 1.0)
    yield Figure("coldstart/again", size, warm, WHOLE, None)


def first_page(place: Path) -> tuple[float, list[tuple[str, float]]]:
    """Start the demo and stop it; return the seconds until it said so, and those of each step."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = place / "home"
    home.mkdir(exist_ok=True)
    told = {"HOME": str(home), "PATH": os.environ["PATH"].partition(os.pathsep)[2]}
    told |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    began = time.monotonic()
    with subprocess.Popen(
        ["./portal", "demo", "--port", str(port), "--data", place / "data"],
        cwd=place / "clone", env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as demo:  # fmt: skip
        said = ""
        for line in demo.stdout:
            said += line
            if "Ctrl-C" in line and "数据" in line:
                break
        took = time.monotonic() - began
        demo.send_signal(signal.SIGINT)
        said += demo.stdout.read()
    if demo.returncode != 0:
        raise RuntimeError(said[-2000:])
    return took, [(name, float(seconds)) for name, seconds in STEP.findall(said)]
