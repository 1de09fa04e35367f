"""What the image service speaks of, in the words of the Image API v2 reference.

Timestamps are seconds since 1970; `size` and `virtual_size` are bytes, `min_disk` GiB, `min_ram`
MiB, as in the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

STORE_ID: Final = "file"
"""The one store, as `stores` of an image names it."""

AMAZON_FORMATS: Final = frozenset({"ami", "aki", "ari"})
"""Formats that a disk and its container must share."""
DISK_FORMATS: Final = (
    "ami",
    "ari",
    "aki",
    "vhd",
    "vhdx",
    "vmdk",
    "raw",
    "qcow2",
    "vdi",
    "iso",
    "ploop",
)
CONTAINER_FORMATS: Final = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
ARCHIVES: Final = frozenset({"ova", "docker", "compressed"})
"""Containers whose data is a package around a disk: kept and served, never booted from."""


class Status(StrEnum):
    QUEUED = "queued"  # no data yet
    SAVING = "saving"  # data is coming in
    UPLOADING = "uploading"  # data is staged, or coming in to be
    IMPORTING = "importing"  # staged data is being inspected
    ACTIVE = "active"
    DEACTIVATED = "deactivated"  # data is kept, only admins read it


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    SHARED = "shared"
    COMMUNITY = "community"


class MemberStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """checksum is MD5, os_hash_value SHA-512, sha256 what caches go by; None until active."""

    id: str
    owner: str | None
    name: str | None = None
    status: Status = Status.QUEUED
    visibility: Visibility = Visibility.SHARED
    disk_format: str | None = None
    container_format: str | None = None
    size: int | None = None
    virtual_size: int | None = None
    checksum: str | None = None
    os_hash_value: str | None = None
    sha256: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    protected: bool = False
    os_hidden: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: tuple[str, ...] = ()
    upload_id: str | None = None
    generation: int = 1

    @property
    def has_data(self) -> bool:
        return self.status in (Status.ACTIVE, Status.DEACTIVATED)

    @property
    def is_disk(self) -> bool:
        """Whether the data itself is what `disk_format` says, and not a package around it."""
        return self.container_format not in ARCHIVES


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A project that an image is shared with."""

    image_id: str
    member_id: str
    status: MemberStatus = MemberStatus.PENDING
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTask:
    """One import of staged data. status: pending, processing, success, failure."""

    id: str
    image_id: str
    owner: str | None
    user_id: str
    request_id: str
    input: Mapping[str, object]
    status: str = "pending"
    message: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Digests:
    """What was counted and hashed while data came in."""

    size: int
    md5: str
    sha256: str
    sha512: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an inspection found. reason: why the data is refused, None if it is good."""

    format: str | None
    virtual_size: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition of a list: operator is eq, neq, gt, gte, lt, lte or in."""

    field: str
    operator: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageQuery:
    """What a list asks for; see the API reference's query parameters.

    visibility: None is what a caller sees by default, "all" adds other projects' community images.
    sort: pairs of a column and "asc" or "desc".
    """

    comparisons: tuple[Comparison, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: tuple[str, ...] = ()
    visibility: str | None = None
    member_status: str = "accepted"
    os_hidden: bool = False
    sort: tuple[tuple[str, str], ...] = (("created_at", "desc"),)
    marker: str | None = None
    limit: int = 25
