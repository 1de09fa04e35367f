"""What serves physical machines: their switches, provisioning networks, boot files and images.

A fake cloud plays switch and DHCP in memory; boot files and images are the same.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from unkai.baremetal.api.boot_files import BootApp, Shelf
from unkai.baremetal.drivers.base import Boot, Management, Network, unsupported
from unkai.baremetal.drivers.boot.convert import RawImages
from unkai.baremetal.drivers.boot.files import BootFiles
from unkai.baremetal.drivers.boot.images import GlanceImages
from unkai.baremetal.drivers.boot.ipxe import CONSOLE, HTTP, INSPECTION, IpxeBoot
from unkai.baremetal.drivers.boot.nfs import NfsExport
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.boot.virtual_media import UrlBoot, VirtualMediaBoot
from unkai.baremetal.drivers.network.neutron import NeutronNetwork
from unkai.baremetal.drivers.provisioning.base import FakeProvisioning, Provisioning, Recorder
from unkai.baremetal.drivers.provisioning.engine import LOADERS, DnsmasqProvisioning, Place
from unkai.baremetal.drivers.provisioning.serving import Serving
from unkai.baremetal.drivers.switch.base import Switch
from unkai.baremetal.drivers.switch.fake import FakeSwitch
from unkai.baremetal.drivers.switch.ovs import OvsSwitches, read_remotes
from unkai.baremetal.model import Node
from unkai.baremetal.reconcilers.record_sightings import RecordSightings
from unkai.boot.site import World, network_driver
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.network.drivers.metadata import MetadataDoor, MetadataServer
from unkai.network.service import NetworkService
from unkai.settings import BaremetalSettings, Settings

API_PREFIX = "/baremetal"
RACK_BRIDGE = "br-rack"
CONNECTIONS_MAX = 1000
SILENCE_S = 60.0
SERVE_EVERY_S = 15.0
RECORD_EVERY_S = 5.0
FORGET_EVERY_S = 600.0
DISCOVERY_ARGUMENTS = (
    "ipa-api-url={url}",
    *INSPECTION,
    *CONSOLE.split(),
)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Interfaces by name, and where images come from.

    managements: filled by who knows all of them; boot interfaces wish for boot devices there.
    """

    boot: dict[str, Boot]
    network: dict[str, Network]
    images: GlanceImages
    managements: dict[str, Management]


def open_provisioning(
    settings: Settings,
    world: World,
    stack: AsyncExitStack,
    *,
    glance: ImageService,
    network: NetworkService,
    api: ASGIApp,
) -> Provisioned:
    """What it opens is closed with `stack`.

    api: the whole API, of which agents reach a few routes on their provisioning networks.
    """
    kit = network.kit
    folder = settings.state_dir / "boot"
    files, published = BootFiles(folder / "nodes"), PublishedFiles(folder / "files", kit.chance)
    raw, ramdisk = RawImages(folder / "raw"), _ramdisk(settings, folder)
    for store in (files, published, raw):
        store.open()
    sightings = RecordSightings(kit.database)
    shelf = Shelf(
        files=files,
        published=published,
        ramdisk=ramdisk,
        loaders=LOADERS,
        discovery=DISCOVERY_ARGUMENTS if settings.baremetal.discovery else None,
    )
    app = BootApp(shelf, api, kit.clock, sightings.note, API_PREFIX)
    engine, switch = _wires(settings, world, stack, sightings, app)
    serving = Serving(network, settings.baremetal, engine)
    images = GlanceImages(glance, published, raw, serving, _nfs(settings.baremetal, kit.chance))
    managements: dict[str, Management] = {}

    def management(node: Node) -> Management:
        found = managements.get(node.interface("management"))
        if found is None:
            raise unsupported(node, "management")
        return found

    ipxe = IpxeBoot(files, management, ramdisk, images.file)
    media = VirtualMediaBoot(folder / "media", published, management, ramdisk, images, serving)
    media.open()
    http = IpxeBoot(files, management, ramdisk, images.file, device=HTTP)
    url = UrlBoot(folder / "media", published, management, ramdisk, images, serving)
    recording = kit.reconcilers.add("baremetal-sightings", sightings.run, RECORD_EVERY_S)
    sightings.wake = recording.wake
    kit.reconcilers.add("baremetal-provisioning", serving.sync, SERVE_EVERY_S)
    kit.reconcilers.add("baremetal-images", images.forget_deleted, FORGET_EVERY_S)
    return Provisioned(
        boot={
            "ipxe": ipxe,
            "pxe": ipxe,
            "http-ipxe": http,
            "http": http,
            "redfish-virtual-media": media,
            "redfish-https": url,
        },
        network={
            "neutron": NeutronNetwork(network, settings.baremetal, serving, switch),
            "flat": NeutronNetwork(network, settings.baremetal, serving, None),
        },
        images=images,
        managements=managements,
    )


def _nfs(settings: BaremetalSettings, chance: Chance) -> NfsExport | None:
    if not settings.nfs_export:
        return None
    export = NfsExport(Path(settings.nfs_folder), settings.nfs_export, chance)
    export.open()
    return export


def _wires(
    settings: Settings,
    world: World,
    stack: AsyncExitStack,
    sightings: RecordSightings,
    app: BootApp,
) -> tuple[Provisioning, Switch]:
    """Who serves the networks and who moves switch ports; both played in a fake cloud."""
    if world.namespace is None:
        return FakeProvisioning(), FakeSwitch()
    door = MetadataServer(app, connections_max=CONNECTIONS_MAX, silence_s=SILENCE_S)
    clock = Clock()
    engine = provisioning(settings, clock, sightings.note, door)
    switch = switches(settings, clock)
    stack.push_async_callback(door.close_all)
    stack.push_async_callback(engine.close)
    stack.push_async_callback(switch.close)
    return engine, switch


def provisioning(
    settings: Settings, clock: Clock, recorder: Recorder, door: MetadataDoor
) -> DnsmasqProvisioning:
    """Dnsmasq in the cloud's namespace; nothing is started."""
    site = network_driver(settings, clock).site
    bridges = {name: bridge for name in site.physnets if (bridge := site.bridge_of(name))}
    place = Place(
        namespace=site.namespace,
        switch_socket=site.switch_socket,
        folder=settings.run_dir / "provisioning",
        bridges=bridges,
    )
    return DnsmasqProvisioning(place, clock=clock, recorder=recorder, door=door)


def switches(settings: Settings, clock: Clock) -> OvsSwitches:
    """Those of the settings; without any, the rack's bridge on the cloud's own switch."""
    named = read_remotes(settings.baremetal.switches)
    site = network_driver(settings, clock).site
    return OvsSwitches(named or {RACK_BRIDGE: f"unix:{site.switch_socket}"}, clock)


async def stop_provisioning(settings: Settings) -> None:
    """End the cloud's dnsmasq; for a cloud that is stopped."""
    clock = Clock()
    await provisioning(settings, clock, lambda _: None, MetadataServer(_nobody)).stop()


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing is asked of a cloud that is going."""


def _ramdisk(settings: Settings, folder: Path) -> Path:
    """The folder of the ramdisk; a fake cloud's machines do not care what is in it."""
    if not settings.fake or settings.ramdisk_dir.exists():
        return settings.ramdisk_dir
    made = folder / "ramdisk"
    made.mkdir(parents=True, exist_ok=True)
    for name in ("kernel", "initramfs"):
        (made / name).touch()
    return made
