"""Starts programs under this process, keeps them alive, and stops them all in reverse order.

Nothing outlives us: on Linux the kernel signals each child when we die, even by ``kill -9``
(PR_SET_PDEATHSIG); elsewhere ``servers.end_leftover`` finds the survivors at the next start.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from launcher.places import is_full
from launcher.screen import RefusedError, disk_full, say

PR_SET_PDEATHSIG = 1
RESTARTS_ALLOWED = 5  # within RESTART_WINDOW; more means the program cannot run at all
RESTART_WINDOW = 60.0  # seconds
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run. ``name`` is also the name of its log file."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 15.0  # seconds between the stop signal and kill -9
    keeper: pwd.struct_passwd | None = None  # the unprivileged user to run as
    folder: Path | None = None
    is_server: bool = False  # others stand on it: it is stopped after them


@dataclass
class Child:
    program: Program
    log: Path
    process: subprocess.Popen[bytes]
    deaths: deque[float] = field(default_factory=deque)


class Supervisor:
    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: list[Child] = []
        self.asked_to_stop = False

    def start(self, program: Program) -> Child:
        log = self.logs / f"{program.name}.log"
        child = Child(program, log, launch(program, log))
        self.children.append(child)
        return child

    def listen(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal mean: stop everything."""
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, self.stop_asked)

    def stop_asked(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def wait_until(self, is_ready: Callable[[], bool], what: str, *, seconds: float) -> None:
        """Waits for ``is_ready``; refuses when a program dies first or time runs out."""
        limit = time.monotonic() + seconds
        while not is_ready():
            if self.asked_to_stop:
                raise KeyboardInterrupt
            for child in self.children:
                if child.process.poll() is not None:
                    if is_full(self.logs):
                        raise RefusedError(disk_full(self.logs))
                    raise RefusedError(
                        f"{child.program.name} 没有启动起来。原因在这个文件的末尾：{child.log}"
                    )
            if time.monotonic() > limit:
                raise RefusedError(
                    f"等了 {seconds:.0f} 秒，{what} 仍未就绪。请查看 {self.logs} 里的记录。"
                )
            time.sleep(0.05)

    def watch(self) -> None:
        """Returns when asked to stop. A program that dies is started again, but not for ever."""
        while not self.asked_to_stop:
            for child in self.children:
                if child.process.poll() is not None:
                    self.revive(child)
            time.sleep(0.2)

    def revive(self, child: Child) -> None:
        now = time.monotonic()
        child.deaths.append(now)
        while child.deaths and now - child.deaths[0] > RESTART_WINDOW:
            child.deaths.popleft()
        if len(child.deaths) > RESTARTS_ALLOWED:
            if is_full(self.logs):
                raise RefusedError(disk_full(self.logs))
            raise RefusedError(
                f"{child.program.name} 反复退出，已全部停止。原因在这个文件的末尾：{child.log}"
            )
        say(
            f"  {child.program.name} 意外退出（{child.process.returncode}），重新启动。"
            f"记录：{child.log}"
        )
        child.process = launch(child.program, child.log)

    def stop(self) -> None:
        """First all programs at once, then the servers they stand on, the last started first."""
        programs = [child for child in self.children if not child.program.is_server]
        servers = [child for child in self.children if child.program.is_server]
        for together in (programs, *([server] for server in reversed(servers))):
            for child in together:
                if child.process.poll() is None:
                    child.process.send_signal(child.program.stop_signal)
            began = time.monotonic()
            for child in together:
                left = began + child.program.grace - time.monotonic()
                try:
                    child.process.wait(max(left, 0.1))
                except subprocess.TimeoutExpired:
                    child.process.kill()
                    child.process.wait()
        self.children.clear()


def launch(program: Program, log: Path) -> subprocess.Popen[bytes]:
    keeper = program.keeper
    with log.open("ab") as output:
        return subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the rest in order
            user=keeper.pw_uid if keeper else None,
            group=keeper.pw_gid if keeper else None,
            extra_groups=[] if keeper else None,
            preexec_fn=die_with_parent(
                program.stop_signal
            ),  # after the change of user, which would clear it
        )


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if LIBC is None:
        return None
    parent = os.getpid()

    def ask_the_kernel() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return ask_the_kernel
