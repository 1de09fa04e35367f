"""A process is named by pid, start and boot; a recycled pid is somebody else."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from unkai.kit.process import identify, is_alive, send_signal


def test_this_process_lives_and_a_recycled_pid_does_not() -> None:
    me = identify()

    assert me.pid == os.getpid()
    assert is_alive(me)
    assert not is_alive(dataclasses.replace(me, start_time=me.start_time + 1))
    assert not is_alive(dataclasses.replace(me, boot_id="another boot"))


def test_a_signal_reaches_exactly_the_process_it_names() -> None:
    words = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as child:
        named = identify(child.pid)

        assert not send_signal(dataclasses.replace(named, start_time=1), signal.SIGTERM)
        assert is_alive(named)
        assert send_signal(named, signal.SIGTERM)
        assert child.wait(timeout=10) == -signal.SIGTERM

    assert not is_alive(named)
    assert not send_signal(named, signal.SIGTERM)


def test_nobody_has_that_pid() -> None:
    with pytest.raises(ProcessLookupError):
        identify(2**22 + 1)


def test_a_process_lives_until_its_last_thread_has_ended() -> None:
    first_thread_ends = (
        "import ctypes, sys, threading;"
        "threading.Thread(target=sys.stdin.read).start();"
        "ctypes.CDLL(None).pthread_exit(None)"
    )
    words = [sys.executable, "-c", first_thread_ends]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as child:
        named = identify(child.pid)
        assert child.stdin is not None
        while _state(child.pid) != "Z":
            assert child.poll() is None

        assert os.waitpid(child.pid, os.WNOHANG) == (0, 0)
        assert is_alive(named)
        child.stdin.close()
        child.wait(timeout=10)

    assert not is_alive(named)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
