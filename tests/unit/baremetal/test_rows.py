"""A table as structs."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Column, MetaData, Table, Text

from unkai.baremetal.store.rows import Rows


class Odd(msgspec.Struct):
    uuid: Nowhere  # noqa: F821  # pyright: ignore[reportUndefinedVariable]


def test_a_kind_is_understood_before_its_first_row() -> None:
    """Two threads that met it first with a row each ended the process."""
    table = Table("odd", MetaData(), Column("uuid", Text))

    with pytest.raises(NameError, match="Nowhere"):
        Rows(table, Odd)
