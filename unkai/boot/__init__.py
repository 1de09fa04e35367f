"""From settings to a cloud that answers, and back to nothing.

`cloud` wires the services; `process` gives them a life in one process; `listen` opens the doors;
`files` writes what others read; `teardown` removes all of it. Only this package knows every part.
"""

from __future__ import annotations

from unkai.settings import Settings


def serve(settings: Settings) -> None:
    """Run the cloud in the foreground until SIGTERM or SIGINT."""
    from unkai.boot.process import serve as run

    run(settings)


def teardown(settings: Settings) -> None:
    """Remove what a stopped cloud left outside its state folder: guests, daemons, namespace."""
    from unkai.boot.teardown import teardown as remove

    remove(settings)
