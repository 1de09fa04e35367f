"""Structured logs: one JSON object a line in a file, readable lines on a terminal.

`bind(request_id=...)` adds to every line of the current task; secrets are never logged because
nothing logs bodies, headers, local variables or the parameters of statements.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

log: Any = structlog.get_logger()
bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars


def configure(stream: TextIO | None = None, *, as_json: bool, level: str = "info") -> None:
    """Where the process writes its log; called once, by boot or a command."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
