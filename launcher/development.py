"""The commands of the people who build: test, check, fix, manage, bench, trust."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher import environment
from launcher.demo import secret_key, settings_for
from launcher.places import ROOT, data_folder
from launcher.screen import RefusedError, complain, say, step
from launcher.servers import EmbeddedServers, socket_folder
from launcher.supervisor import Supervisor

Settings = dict[str, str]
PYTEST_RAN_NOTHING = 5


# -- test --------------------------------------------------------------------------------------


def test(arguments: list[str]) -> int:
    """pytest on servers of its own, which are gone afterwards."""
    python = environment.ready("requirements-dev.txt", browser=needs_browser())
    with scratch_servers(python, durable=False) as settings:
        command = [str(python), "-m", "pytest", *spread(arguments), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL)
    if done.returncode == PYTEST_RAN_NOTHING:
        complain("没有找到任何测试。")
    return done.returncode


def needs_browser() -> bool:
    """Without the right to install it, a missing Chromium only skips its own tests."""
    wanted = any((ROOT / "tests").rglob("test_*.py"))
    if wanted and environment.chromium() is None and environment.privilege() is None:
        complain("没有 Chromium：浏览器测试会跳过。安装：sudo apt-get install -y chromium")
        return bool(os.environ.get("CI"))
    return wanted


def spread(arguments: list[str]) -> list[str]:
    """Two processes, unless the person says how, looks at a single file, or debugs."""
    own = ("-n", "--numprocesses", "--pdb", "-s", "--capture", "-p", "--collect-only", "--co")
    said = any(argument.startswith(own) for argument in arguments)
    single = any("::" in argument or argument.endswith(".py") for argument in arguments)
    return [] if said or single else ["-q", "-n", "2", "--dist", "worksteal"]


@contextmanager
def scratch_servers(python: Path, *, durable: bool) -> Iterator[Settings]:
    """The environment with both servers in it: those that are named there, or two that vanish."""
    settings = development_settings()
    if settings.get("DATABASE_URL") and settings.get("REDIS_URL"):
        yield settings
        return
    base = Path(tempfile.mkdtemp(prefix="portal-"))
    (base / "logs").mkdir()
    supervisor = Supervisor(base / "logs")
    try:
        with step("启动数据库和缓存"):
            servers = EmbeddedServers(base, python, supervisor, durable=durable)
            servers.start()
        named = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        yield named | settings
    finally:
        supervisor.stop()
        shutil.rmtree(socket_folder(base), ignore_errors=True)
        shutil.rmtree(base, ignore_errors=True)


def development_settings() -> Settings:
    """What the settings ask for and a developer should not have to set."""
    defaults = {
        "PORTAL_MODE": "demo",
        "SECRET_KEY": "only-for-tests-and-checks",
        "ALLOWED_HOSTS": "127.0.0.1 localhost testserver",
        "HTTPS": "false",
        "MFA_REQUIRED": "false",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PORTAL_SHARED_DATA": str(ROOT.parent / "shared" / "data"),
    }
    given = {name: value for name, value in os.environ.items() if value}
    path = f"{environment.PYTHON.parent}{os.pathsep}{given.get('PATH', '/usr/bin:/bin')}"
    return defaults | given | {"PATH": path, "PYTHONUNBUFFERED": "1"}


# -- check and fix -----------------------------------------------------------------------------


def check(arguments: list[str]) -> int:
    """Everything that can be wrong without running the product; all faults are shown."""
    python = environment.ready("requirements-dev.txt")
    tools = python.parent
    settings = development_settings()
    settings.setdefault("DATABASE_URL", "postgresql://portal@127.0.0.1/portal")
    settings.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
    manage = [str(python), "-W", "ignore::RuntimeWarning", "manage.py"]
    ruff = str(tools / "ruff")
    strict = ["--fail-level", "WARNING"]
    jobs = {
        "代码规则（ruff）": [ruff, "check", "--quiet", "."],
        "代码格式（ruff format）": [ruff, "format", "--check", "--quiet", "."],
        "谁引用谁（lint-imports）": [str(tools / "lint-imports"), "--no-cache"],
        "类型（mypy）": [str(tools / "mypy")],
        "模板（djlint）": [str(tools / "djlint"), "--lint", "--quiet", "templates"],
        "数据表与模型一致（makemigrations）": [*manage, "makemigrations", "--check", "--dry-run"],
        "生产设置（check --deploy）": [*manage, "check", "--deploy", *strict],
    }
    for name in docs_commands():
        jobs[f"docs 与代码一致（{name}）"] = [*manage, name, "--check"]
    faults = []
    for words, command in jobs.items():
        asked = not arguments or any(argument in words for argument in arguments)
        environ = settings | production() if "--deploy" in command else settings
        if asked and not passes(words, command, environ):
            faults.append(words)
    if faults:
        complain(f"检查没有通过：{'；'.join(faults)}。格式问题可以运行 ./portal fix。")
        return 1
    say("检查全部通过。")
    return 0


def production() -> Settings:
    return {
        "PORTAL_MODE": "server",
        "HTTPS": "true",
        "BEHIND_PROXY": "true",
        "MFA_REQUIRED": "true",
        "ALLOWED_HOSTS": "portal.example.org",
        "PUBLIC_URL": "https://portal.example.org",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_check",
    }


def docs_commands() -> list[str]:
    """Commands that write a table of docs/ from the code, and with ``--check`` compare the two."""
    return sorted(file.stem for file in ROOT.glob("*/management/commands/docs_*.py"))


def passes(words: str, command: list[str], settings: Settings) -> bool:
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    good = done.returncode == 0
    say(f"  {'通过' if good else '不通过'}  {words}  {time.monotonic() - began:.1f} 秒")
    if not good:
        say(done.stdout.strip())
    return good


def fix(_arguments: list[str]) -> int:
    """What ruff can mend by itself."""
    ruff = str(environment.ready("requirements-dev.txt").parent / "ruff")
    subprocess.run([ruff, "check", "--fix", "--quiet", "."], cwd=ROOT)
    subprocess.run([ruff, "format", "."], cwd=ROOT)
    return subprocess.run([ruff, "check", "--quiet", "."], cwd=ROOT).returncode


# -- manage, bench, trust ----------------------------------------------------------------------


def manage(arguments: list[str]) -> int:
    """Django's manage.py: on DATABASE_URL, else on the data of the running demo."""
    python = environment.ready("requirements-embedded.txt")
    settings = development_settings()
    base = data_folder(None)
    running = socket_folder(base) / ".s.PGSQL.5432"
    if not settings.get("DATABASE_URL") and running.exists():
        servers = EmbeddedServers(base, python, Supervisor(base / "logs"))
        settings = settings_for(base, servers, 8000) | {"SECRET_KEY": secret_key(base)}
    if settings.get("DATABASE_URL"):
        return call(python, settings, "manage.py", *arguments)
    with scratch_servers(python, durable=False) as scratch:
        return call(python, scratch, "manage.py", *arguments)


def bench(arguments: list[str]) -> int:
    """``python -m benchmarks`` on servers set up like real ones."""
    python = environment.ready("requirements-dev.txt")
    with scratch_servers(python, durable=True) as settings:
        return call(python, settings, "-m", "benchmarks", *arguments)


def trust(arguments: list[str]) -> int:
    """``python -m trust``: one JSON line per figure."""
    python = environment.ready("requirements-dev.txt", browser=False)
    with scratch_servers(python, durable=True) as settings:
        return call(python, settings, "-m", "trust", *arguments)


def call(python: Path, settings: Settings, *arguments: str) -> int:
    done = subprocess.run([str(python), *arguments], cwd=ROOT, env=settings)
    if done.returncode < 0:
        raise RefusedError(f"程序被信号 {-done.returncode} 结束。")
    return done.returncode
