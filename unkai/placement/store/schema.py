"""Tables of placement. `free` is capacity minus what is taken: claims guard it, searches use it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from unkai.kit.db import metadata


def _provider() -> Column[str]:
    return Column("provider_id", String(36), ForeignKey("resource_providers.id"), primary_key=True)


providers = Table(
    "resource_providers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("parent_id", String(36), ForeignKey("resource_providers.id"), index=True),
    Column("root_id", String(36), nullable=False, index=True),
    Column("updated_at", Float, nullable=False),
    UniqueConstraint("name", name="resource_providers_name"),
)

inventories = Table(
    "inventories",
    metadata,
    _provider(),
    Column("resource_class", String(255), primary_key=True),
    Column("total", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("min_unit", BigInteger, nullable=False),
    Column("max_unit", BigInteger, nullable=False),
    Column("step_size", BigInteger, nullable=False),
    Column("allocation_ratio", Float, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("free", BigInteger, nullable=False),
    Index("inventories_free", "resource_class", "free", "provider_id"),
)

provider_traits = Table(
    "resource_provider_traits",
    metadata,
    _provider(),
    Column("trait", String(255), primary_key=True),
    Index("resource_provider_traits_trait", "trait", "provider_id"),
)

provider_aggregates = Table(
    "resource_provider_aggregates",
    metadata,
    _provider(),
    Column("aggregate_id", String(36), primary_key=True),
    Index("resource_provider_aggregates_aggregate", "aggregate_id", "provider_id"),
)

custom_traits = Table(
    "traits",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("updated_at", Float, nullable=False),
)

custom_classes = Table(
    "resource_classes",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("updated_at", Float, nullable=False),
)

consumers = Table(
    "consumers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("consumer_type", String(255), nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("consumers_project", "project_id", "user_id"),
)

allocations = Table(
    "allocations",
    metadata,
    Column("consumer_id", String(36), ForeignKey("consumers.id"), primary_key=True),
    _provider(),
    Column("resource_class", String(255), primary_key=True),
    Column("used", BigInteger, nullable=False),
    Index("allocations_provider", "provider_id", "resource_class"),
)
