"""``./portal demo``: the whole product on one machine, for trying out and for a small office."""

import argparse
import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher import environment
from launcher.places import ROOT, data_folder, is_full, make_writable, write_whole
from launcher.screen import RefusedError, disk_full, say, step
from launcher.servers import EmbeddedServers, only_one
from launcher.supervisor import Program, Supervisor, die_with_parent

LOADED = "demo-loaded"  # in the data folder: what has been migrated, loaded and collected
OUR_FOLDERS = ("postgres", "valkey", "run", "logs", "files", "static", ".postgres")
OUR_FILES = (LOADED, "secret_key", "logins.json", "celerybeat-schedule")


@dataclass(frozen=True)
class Wish:
    """What was typed after ``./portal demo``."""

    port: int
    reset: bool
    base: Path
    shops: int | None


def main(arguments: list[str]) -> int:
    wish = read(arguments)
    began = time.monotonic()
    free_port(wish.port)
    base = make_writable(wish.base)
    with only_one(base, f"http://127.0.0.1:{wish.port}"):
        python = environment.ready("requirements-embedded.txt")
        if wish.reset:
            clear(base)
        run(wish, python, began)
    return 0


def read(arguments: list[str]) -> Wish:
    parser = argparse.ArgumentParser(
        prog="./portal demo", description="启动整个门户，按 Ctrl-C 停止。"
    )
    parser.add_argument("--port", type=int, default=8000, help="网页端口（默认 8000）")
    parser.add_argument("--reset", action="store_true", help="清空数据，从头开始")
    parser.add_argument(
        "--data", help="数据文件夹（默认 /var/lib/portal 或 ~/.local/share/portal）"
    )
    parser.add_argument("--shops", type=int, help="演示药店的数量")
    given = parser.parse_args(arguments)
    return Wish(given.port, given.reset, data_folder(given.data), given.shops)


def free_port(port: int) -> None:
    """Refuses a port that somebody uses or that we may not use, before anything else is begun."""
    if not 0 < port < 65536:
        raise RefusedError(f"端口 {port} 不存在。请用 1024 到 65535 之间的数字。")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("0.0.0.0", port))  # noqa: S104 - phones in the same network are meant
        except PermissionError:
            raise RefusedError(
                f"没有使用端口 {port} 的权限。请换一个：./portal demo --port 8000"
            ) from None
        except OSError:
            raise RefusedError(
                f"端口 {port} 已被占用。请换一个：./portal demo --port {next_free(port)}"
            ) from None


def next_free(port: int) -> int:
    for other in range(port + 1, min(port + 200, 65536)):
        with socket.socket() as trial:
            try:
                trial.bind(("0.0.0.0", other))  # noqa: S104
            except OSError:
                continue
            return other
    return 8000


def clear(base: Path) -> None:
    """Removes what we made in the data folder and nothing else."""
    if os.environ.get("DATABASE_URL"):
        raise RefusedError(
            "--reset 只清空内置数据库。现在设置了 DATABASE_URL，请在那个服务器上清空。"
        )
    with step("清空数据"):
        for name in OUR_FOLDERS:
            shutil.rmtree(base / name, ignore_errors=True)
        for name in OUR_FILES:
            (base / name).unlink(missing_ok=True)


def run(wish: Wish, python: Path, began: float) -> None:
    base = wish.base
    logs = base / "logs"
    logs.mkdir(exist_ok=True)
    supervisor = Supervisor(logs)
    supervisor.listen()
    say("药店行业协会门户 · 试用（内置数据库适合试用和小型办公室，搬到服务器见 docs/install.md）")
    try:
        servers = start_servers(base, python, supervisor)
        settings = settings_for(base, servers, wish.port)
        prepare(wish, python, settings, servers, supervisor)
        with step("启动网页、后台任务和定时器"):
            for program in programs(base, python, settings, wish.port):
                supervisor.start(program)
            supervisor.wait_until(lambda: answers(wish.port), "网页", seconds=240)
        show_addresses(wish, time.monotonic() - began)
        supervisor.watch()
        say()
    except KeyboardInterrupt:
        say()
    finally:
        with step("停止"):
            supervisor.stop()


def start_servers(base: Path, python: Path, supervisor: Supervisor) -> EmbeddedServers | None:
    """None when both servers are named in the environment."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return None
    with step("启动数据库和缓存"):
        servers = EmbeddedServers(base, python, supervisor)
        servers.start()
    return servers


def settings_for(base: Path, servers: EmbeddedServers | None, port: int) -> dict[str, str]:
    """The environment of every program of the product."""
    hosts = ["127.0.0.1", "localhost", *lan_addresses()]
    settings = {
        "PORTAL_MODE": "demo",
        "SECRET_KEY": secret_key(base),
        "HTTPS": "false",
        "BEHIND_PROXY": "false",
        "MFA_REQUIRED": "false",
        "ALLOWED_HOSTS": " ".join(hosts),
        "PUBLIC_URL": f"http://{hosts[-1]}:{port}",
        "PORTAL_DATA": str(base),
    }
    if servers:
        settings |= {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    given = {name: value for name, value in os.environ.items() if value}
    return settings | {"PYTHONUNBUFFERED": "1"} | (given | forced(settings, given))


def forced(settings: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """What the demo decides itself; names of servers and hosts may come from outside."""
    own = ("PORTAL_MODE", "HTTPS", "PORTAL_DATA")
    chosen = {name: settings[name] for name in own}
    return chosen | {name: value for name, value in settings.items() if name not in given}


def secret_key(base: Path) -> str:
    """Made once; sign-ins survive a restart."""
    place = base / "secret_key"
    if not place.exists():
        write_whole(place, secrets.token_urlsafe(50), mode=0o600)
    return place.read_text()


def lan_addresses() -> list[str]:
    """The address other machines of the network see, if there is one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                ("192.0.2.1", 9)
            )  # a documentation address: the kernel only picks a route
            address = str(probe.getsockname()[0])
        except OSError:
            return []
    return [] if address.startswith("127.") or address == "0.0.0.0" else [address]  # noqa: S104


# -- data --------------------------------------------------------------------------------------


def prepare(
    wish: Wish,
    python: Path,
    settings: dict[str, str],
    servers: EmbeddedServers | None,
    supervisor: Supervisor,
) -> None:
    """Migrates, loads and collects; on a later start only what has changed since."""
    base = wish.base
    done = read_json(base / LOADED)
    code = {
        "migrations": fingerprint(code_files("migrations/*.py")),
        "content": fingerprint(code_files("content/*") + code_files("commands/load_defaults.py")),
        "story": fingerprint(code_files("sample.py")),
        "static": fingerprint(static_files()),
    }

    def begin(*command: str) -> Errand:
        return Errand(python, settings, base / "logs" / f"{command[0]}.log", command)

    def manage(words: str, *command: str) -> None:
        with step(words):
            begin(*command).finish(supervisor)

    def note(**more: str) -> None:
        done.update(more)
        write_whole(base / LOADED, json.dumps(done))

    # Files are collected on one core while the other makes tables.
    collecting = None
    if done.get("static") != code["static"] or not (base / "static").exists():
        collecting = begin("collectstatic", "--no-input", "-v", "0", *files_of_nobody(settings))
    try:
        if servers is None or done.get("migrations") != code["migrations"]:
            manage("建立数据表", "migrate", "--no-input", "-v", "0")
            note(migrations=code["migrations"])
        if has_command("load_defaults") and done.get("content") != code["content"]:
            manage("装入默认内容", "load_defaults")
            note(content=code["content"])
        if has_command("seed_demo") and done.get("story") != code["story"]:
            shops = [] if wish.shops is None else ["--shops", str(wish.shops)]
            manage("装入演示数据", "seed_demo", *shops)
            note(story=code["story"], logins="")
        if has_command("demo_logins") and not done.get("logins"):
            note(logins=json.dumps(demo_logins(python, settings), ensure_ascii=False))
        if collecting:
            with step("收集样式和字体"):
                collecting.finish(supervisor)
            note(static=code["static"])
    finally:
        if collecting:
            collecting.stop()


def files_of_nobody(settings: dict[str, str]) -> list[str]:
    """Django's back office brings megabytes of scripts; where it is shut nobody asks for them."""
    if settings.get("ADMIN_SITE") == "true":
        return []
    return ["--ignore", "admin", "--ignore", "import_export"]


class Errand:
    """One management command on its way; what it says goes to a file of its own."""

    def __init__(
        self, python: Path, settings: dict[str, str], log: Path, command: tuple[str, ...]
    ) -> None:
        self.name, self.log = command[0], log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [python, ROOT / "manage.py", *command],
                cwd=ROOT,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def finish(self, supervisor: Supervisor) -> None:
        """Wait; refuses with the end of what it said when it went wrong."""
        while self.process.poll() is None:
            if supervisor.asked_to_stop:
                self.stop()
                raise KeyboardInterrupt
            time.sleep(0.02)
        if self.process.returncode:
            said = self.log.read_text(encoding="utf-8", errors="replace").strip()
            if "No space left on device" in said or is_full(self.log.parent):
                raise RefusedError(disk_full(self.log.parent))
            say()
            say(said[-2000:])
            raise RefusedError(f"“manage {self.name}”没有完成（见上；全文在 {self.log}）。")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def has_command(name: str) -> bool:
    return any(ROOT.glob(f"*/management/commands/{name}.py"))


def code_files(pattern: str) -> list[Path]:
    """Files of the rooms, whatever rooms there are."""
    return sorted([*ROOT.glob(f"*/{pattern}"), *ROOT.glob(f"*/management/{pattern}")])


def static_files() -> list[Path]:
    return sorted(file for file in (ROOT / "static").rglob("*") if file.is_file())


def fingerprint(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        if file.is_file():
            total.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def read_json(place: Path) -> dict[str, str]:
    try:
        return dict(json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


# -- programs ----------------------------------------------------------------------------------


def programs(base: Path, python: Path, settings: dict[str, str], port: int) -> list[Program]:
    tools = python.parent
    celery = [str(tools / "celery"), "-A", "association"]
    worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO",
              "--without-gossip", "--without-mingle"]  # fmt: skip
    beat = [
        *celery,
        "beat",
        "--loglevel",
        "INFO",
        "-s",
        str(base / "celerybeat-schedule"),
        "--pidfile=",
    ]
    web = [str(tools / "gunicorn"), "association.wsgi", "--bind", f"0.0.0.0:{port}"]
    at_work = settings | {"STATEMENT_TIMEOUT_MS": "600000"}
    return [
        Program("web", web, settings, grace=35, folder=ROOT),
        Program("worker", worker, at_work, grace=30, folder=ROOT),
        Program("beat", beat, settings, grace=10, folder=ROOT),
    ]


def answers(port: int) -> bool:
    """``/readyz`` says 200: the page, the database and the cache are there."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def show_addresses(wish: Wish, seconds: float) -> None:
    say()
    say(f"  就绪（{seconds:.0f} 秒）。请用浏览器打开：")
    say(f"    本机      http://127.0.0.1:{wish.port}/")
    for address in lan_addresses():
        say(f"    同一网络  http://{address}:{wish.port}/    （手机也用这个地址）")
    logins = json.loads(read_json(wish.base / LOADED).get("logins") or "[]")
    if logins:
        by_role = {login["role"]: login for login in reversed(logins)}  # the first of a role
        write_whole(wish.base / "logins.json", json.dumps(by_role, ensure_ascii=False))
        say()
        say("  演示账号（用户名、密码）：")
        for login in logins:
            say(f"    {login['label']}    {login['login']}    {login['password']}")
    say()
    say(f"  数据：{wish.base}    按 Ctrl-C 停止。")


def demo_logins(python: Path, settings: dict[str, str]) -> list[dict[str, str]]:
    """What ``manage demo_logins`` prints: role, label, login, password, home of each."""
    if not has_command("demo_logins"):
        return []
    done = subprocess.run(
        [python, ROOT / "manage.py", "demo_logins"],
        cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    try:
        return list(json.loads(done.stdout))
    except ValueError:
        return []
