"""The tables of images.

`upload_id` names the upload that owns an image while its data comes in, and fences what an
abandoned one may still write; `touched_at` is that upload's last sign of life.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from unkai.kit.db import Announced, Json, announce, metadata

images = Table(
    "images",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(255)),
    Column("status", String(16), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("owner", String(255)),
    Column("disk_format", String(20)),
    Column("container_format", String(20)),
    Column("size", BigInteger),
    Column("virtual_size", BigInteger),
    Column("checksum", String(32)),
    Column("os_hash_value", String(128)),
    Column("sha256", String(64)),
    Column("min_disk", Integer, nullable=False),
    Column("min_ram", Integer, nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("os_hidden", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("upload_id", String(36)),
    Column("touched_at", Float),
    Column("generation", Integer, nullable=False),
    Index("images_owner", "owner", "created_at"),
    Index("images_visibility", "visibility", "created_at"),
    Index("images_created_at", "created_at"),
    Index("images_name", "name"),
    Index("images_status", "status"),
    Index("images_sha256", "sha256"),
)

image_properties = Table(
    "image_properties",
    metadata,
    Column("image_id", String(36), ForeignKey("images.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
    Index("image_properties_name", "name"),
)

image_tags = Table(
    "image_tags",
    metadata,
    Column("image_id", String(36), ForeignKey("images.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(255), primary_key=True),
    Index("image_tags_tag", "tag"),
)

image_members = Table(
    "image_members",
    metadata,
    Column("image_id", String(36), ForeignKey("images.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("image_members_member", "member_id", "status"),
)

image_imports = Table(
    "image_imports",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("image_id", String(36), ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("owner", String(255)),
    Column("user_id", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("input", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("image_imports_image", "image_id", "created_at"),
)

announce(
    images,
    Announced(
        "image",
        project="row.owner",
        everyone="row.visibility = 'public'",
        only=("generation", "status", "visibility", "owner", "updated_at"),
    ),
)
announce(
    image_members,
    Announced("image", key="row.image_id", project="row.member_id", as_changed=True),
)
