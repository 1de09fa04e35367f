"""`python -m unkai`: hands over to the command line."""

from __future__ import annotations


def main() -> None:
    from unkai.cli.app import run

    run()


if __name__ == "__main__":
    main()
