"""What ``./portal`` says when it cannot go on, and that it leaves nothing behind."""

import errno
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest

from launcher import demo, places, servers, supervisor
from launcher.environment import pins, why_pip_failed
from launcher.places import need_space, write_whole
from launcher.screen import RefusedError, sentence_for
from launcher.supervisor import Program, Supervisor

LISTENS_TO_NOBODY = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)"
)
LEAVES_WHEN_ASKED = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
    "print('up', flush=True); time.sleep(60)"
)


def test_a_port_in_use_is_refused_with_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RefusedError, match=rf"端口 {port} 已被占用.*--port \d+"):
            demo.free_port(port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(RefusedError, match="不存在"):
        demo.free_port(port)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "磁盘已满：/data"), (errno.EACCES, "没有写入权限：/data")],
)
def test_a_trouble_of_the_file_system_is_said_in_words(number, words):
    assert words in sentence_for(OSError(number, os.strerror(number), "/data"))


def test_a_copy_that_ran_out_of_space_is_said_in_one_sentence():
    """``shutil.copytree`` reports every file; the person needs to read the cause once."""
    full = shutil.Error([("/a", "/b", "[Errno 28] No space left on device: '/b'")] * 3)
    assert sentence_for(full) == "磁盘已满。请腾出至少 1 GB 空间后再运行一次。"


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    place = tmp_path / "secret_key"
    write_whole(place, "第一次", mode=0o600)
    assert (place.read_text("utf-8"), place.stat().st_mode & 0o777) == ("第一次", 0o600)

    def no_space(_file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(places.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_whole(place, "第二次")
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]
    assert place.read_text("utf-8") == "第一次"


def test_a_start_on_a_full_disk_leaves_no_empty_key(tmp_path, monkeypatch):
    """An empty key would be taken for the key at the next start."""

    def no_space(_file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(places.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        demo.secret_key(tmp_path)
    monkeypatch.undo()
    assert len(demo.secret_key(tmp_path)) > 50


@pytest.mark.parametrize(
    ("is_full", "words"),
    [
        (True, "磁盘已满：{}。请腾出至少 1 GB 空间后再运行一次。"),
        (False, "“manage migrate”没有完成"),
    ],
)
def test_a_command_whose_last_words_found_no_room_is_explained(
    tmp_path, monkeypatch, is_full, words
):
    monkeypatch.setattr(demo, "is_full", lambda folder: is_full)
    errand = demo.Errand(Path("/bin/false"), {}, tmp_path / "migrate.log", ("migrate",))
    with pytest.raises(RefusedError, match=words.format(tmp_path)):
        errand.finish(Supervisor(tmp_path))


def test_a_program_that_dies_of_a_full_disk_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "is_full", lambda folder: True)
    keeper = Supervisor(tmp_path)
    keeper.start(Program("web", ["/bin/false"], {}))
    with pytest.raises(RefusedError, match="磁盘已满"):
        keeper.wait_until(lambda: False, "网页", seconds=30)


def test_too_little_space_is_said_with_both_numbers(tmp_path):
    with pytest.raises(RefusedError, match=r"只剩 \d+ MB，需要 1000000000 MB"):
        need_space(tmp_path, 1_000_000_000)


def test_pip_on_a_full_disk_is_said_in_words():
    assert "磁盘已满" in why_pip_failed("ERROR: [Errno 28] No space left on device")


def test_a_second_start_is_told_who_holds_the_data(tmp_path):
    told = rf"进程 {os.getpid()}，http://127.0.0.1:8000"
    second = servers.only_one(tmp_path, "http://127.0.0.1:8001")
    with (
        servers.only_one(tmp_path, "http://127.0.0.1:8000"),
        pytest.raises(RefusedError, match=told),
        second,
    ):
        pass
    with servers.only_one(tmp_path, "http://127.0.0.1:8001"):
        pass


def test_a_process_that_is_gone_has_no_command_line_even_where_there_is_no_ps(monkeypatch):
    monkeypatch.setenv("PATH", "")
    gone = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", ""])
    os.waitpid(gone, 0)
    assert servers.command_line(gone) == ""
    assert servers.command_line(os.getpid()) != ""


def test_stopping_ends_everybody_and_kills_who_does_not_listen(tmp_path):
    supervisor = Supervisor(tmp_path)
    quiet = {"PATH": os.environ["PATH"]}
    for name, code, is_server in (
        ("server", LEAVES_WHEN_ASKED, True),
        ("deaf", LISTENS_TO_NOBODY, False),
        ("good", LEAVES_WHEN_ASKED, False),
    ):
        command = [sys.executable, "-c", code]
        supervisor.start(Program(name, command, quiet, grace=0.5, is_server=is_server))
    processes = {child.program.name: child.process for child in supervisor.children}
    supervisor.wait_until(
        lambda: all("up" in (tmp_path / f"{name}.log").read_text() for name in processes),
        "三个程序",
        seconds=30,
    )

    supervisor.stop()

    ends = {name: process.returncode for name, process in processes.items()}
    assert ends == {"server": 0, "deaf": -signal.SIGKILL, "good": 0}
    assert supervisor.children == []


def test_pins_are_read_with_their_extras(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# Runtime\n-r other.txt\ncelery[redis]==5.7.0\nPillow==13.0.0  # photos\n")
    assert pins([file]) == {"celery": "5.7.0", "Pillow": "13.0.0"}
