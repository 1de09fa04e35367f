"""The list of verbs. Names only: a verb's file is imported when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import unkai
from unkai.kit.errors import BadRequest, Fault, NotFound

FAILED, WRONG_QUESTION, NOT_RUNNING, FOUND_SOMETHING = 1, 2, 3, 4

VERBS = {
    "up": "Start a cloud in the background; one that runs is left as it is.",
    "down": "Stop it and remove everything it made.",
    "status": "What runs, where, and how full it is.",
    "doctor": "Check this machine before a start, or after a bad day.",
    "first-server": "Boot a first server you can log in to, and show its boot sequence.",
    "first-machine": "Enroll the rack's machines, deploy one you can log in to, show its sequence.",
    "timeline": "What happened to a server or a machine, step by step.",
    "console": "What a server or a machine says on its serial line, and goes on to say.",
    "explain": "Why a server landed where it did, or nowhere.",
    "audit": "Compare what should be with what is; zero differences is the promise.",
    "exec": "Run a command inside the cloud's network.",
    "ssh": "Log in to a server.",
    "rack": "Physical machines played by QEMU, behind real BMCs.",
}


def make_app() -> App:
    app = App(
        name="unkai",
        help="An OpenStack-compatible cloud in one program.",
        version=unkai.__version__,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
    )
    for verb, says in VERBS.items():
        name = verb.replace("-", "_")
        app.command(f"unkai.cli.{name}:{name}_verb", name=verb, help=says)
    app.command("unkai.cli.serve:serve_verb", name="serve", show=False)
    return app


def run(words: Sequence[str] | None = None) -> None:
    """Run one verb and leave with its exit code."""
    try:
        code = make_app()(words)
    except CycloptsError as error:
        _complain(_text_of(error), "unkai --help")
        code = WRONG_QUESTION
    except Fault as fault:
        _complain(fault.message, fault.remedy)
        code = _code_of(fault)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _text_of(error: CycloptsError) -> str:
    return " ".join(str(error).split())


def _code_of(fault: Fault) -> int:
    if isinstance(fault, NotFound) and fault.code == "not-running":
        return NOT_RUNNING
    return WRONG_QUESTION if isinstance(fault, BadRequest) else FAILED


def _complain(message: str, remedy: str | None) -> None:
    print(f"unkai: {message}", file=sys.stderr)
    if remedy:
        print(f"  what to do: {remedy}", file=sys.stderr)
