"""Make a running cloud ready for tempest, and write the tempest.conf that describes it."""

# pyright: basic, reportAttributeAccessIssue=false
# The client library has no types.

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openstack

from tests.clouds import CHECKOUT, RunningCloud

TEMPLATE = CHECKOUT / "tests" / "conformance" / "tempest.conf.template"
FLAVORS = {"tempest-small": 128, "tempest-large": 192}
"""Names and MiB: the second must be larger."""
GUEST = "guest"
"""The image, as a file in the folder."""
SHARED_TYPE = "tempest-shared"
NOTHING: Any = SimpleNamespace(id="", name="")
"""In place of a network that is not there: the tests that need it say so."""


def write_configuration(cloud: RunningCloud, folder: Path, roles: str = "member") -> Path:
    """Two images, two flavors, then the file. Everything is looked for before it is made.

    roles: what every user of tempest's gets besides its own.
    """
    connection: Any = connect(cloud)
    image, other = _images(connection, folder)
    small, large = (_flavor(connection, name, memory) for name, memory in FLAVORS.items())
    external = next(iter(connection.network.networks(is_router_external=True)), NOTHING)
    inner = next(iter(connection.network.networks(is_router_external=False)), NOTHING)
    extensions = sorted(extension.alias for extension in connection.network.extensions())
    version = connection.compute.get("/", microversion="2.1").json()["version"]["version"]
    _shared_volume_type(connection)
    backends = [pool["capabilities"]["volume_backend_name"] for pool in _pools(connection)]
    (folder / "locks").mkdir(exist_ok=True)
    text = TEMPLATE.read_text().format(
        folder=folder,
        admin_password=(cloud.state_dir / "admin-password").read_text().strip(),
        roles=roles,
        url=cloud.url,
        region=connection.config.get_region_name(),
        image=image.id,
        other_image=other.id,
        flavor=small.id,
        larger_flavor=large.id,
        network=inner.name,
        hosts=1,
        shared_type=SHARED_TYPE,
        backends=",".join(backends),
        several=str(len(backends) > 1).lower(),
        compute_version=version,
        external_network=external.id,
        external_network_name=external.name,
        extensions=",".join(extensions),
        image_file=folder / GUEST,
        image_format=image.disk_format,
        real=str(not cloud.fake).lower(),
    )
    path = folder / "tempest.conf"
    path.write_text(text)
    connection.close()
    return path


def _shared_volume_type(connection: Any) -> None:
    """Of volumes that several servers may have open."""
    if connection.block_storage.find_type(SHARED_TYPE) is None:
        specs = {"multiattach": "<is> True"}
        connection.block_storage.create_type(name=SHARED_TYPE, extra_specs=specs)


def _pools(connection: Any) -> list[Any]:
    path = "/scheduler-stats/get_pools?detail=true"
    return connection.block_storage.get(path).json()["pools"]


def connect(cloud: RunningCloud) -> Any:
    """openstacksdk, as the cloud's admin, with nothing of the caller's own settings."""
    files = [str(cloud.state_dir / "clouds.yaml")]
    loader = openstack.config.OpenStackConfig(config_files=files, load_envvars=False)
    return openstack.connection.Connection(config=loader.get_one("unkai"))


def _images(connection: Any, folder: Path) -> tuple[Any, Any]:
    """The seeded one, and a second record of the same content."""
    found = list(connection.image.images())
    path = folder / GUEST
    with path.open("wb") as file:
        connection.image.download_image(found[0], output=file)
    while len(found) < 2:
        with path.open("rb") as file:  # by its name, openstacksdk would not close it
            made = connection.image.create_image(
                f"tempest-{len(found)}",
                data=file,
                disk_format=found[0].disk_format,
                container_format="bare",
                visibility="public",
                wait=True,
            )
        found.append(made)
    return found[0], found[1]


def _flavor(connection: Any, name: str, memory_mib: int) -> Any:
    found = connection.compute.find_flavor(name)
    return found or connection.compute.create_flavor(name=name, vcpus=1, ram=memory_mib, disk=1)
