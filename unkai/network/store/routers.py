"""Rows of routers. Their interfaces are ports; a table says which is whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, false, insert, or_, select, true, update

from unkai.kit.db import AnyRow, Session, Tx
from unkai.kit.policy import Caller
from unkai.network.model import ExternalGateway, FixedIP, Route, Router
from unkai.network.store.listing import Listing, in_parts, owned_or_all, select_rows, shelf
from unkai.network.store.schema import port_addresses, ports, router_interfaces, routers


def _never(values: Sequence[str]) -> ColumnElement[bool]:
    """No router is `distributed` or `ha` in Neutron's sense."""
    return false() if all(value.lower() in ("true", "1") for value in values) else true()


ROUTERS = shelf(
    routers,
    specials={"distributed": _never, "ha": _never},
    hidden=["gateway_port_id", "gateway_network_id", "enable_snat"],
)


async def list_routers(session: Session, listing: Listing, caller: Caller) -> list[Router]:
    rows = await select_rows(session, ROUTERS, listing, owned_or_all(ROUTERS, caller))
    return await _whole(session, rows)


async def get_routers(session: Session, ids: Iterable[str]) -> dict[str, Router]:
    found: dict[str, Router] = {}
    for part in in_parts(ids):
        rows = await session.all(select(routers).where(routers.c.id.in_(part)))
        found |= {router.id: router for router in await _whole(session, rows)}
    return found


async def get_router(session: Session, router_id: str) -> Router | None:
    return (await get_routers(session, [router_id])).get(router_id)


async def all_router_ids(session: Session) -> list[str]:
    return list(await session.scalars(select(routers.c.id)))


async def gateway_port_ids(session: Session, router_ids: Iterable[str]) -> dict[str, str]:
    """Gateway port by router, for those that have one."""
    found: dict[str, str] = {}
    for part in in_parts(router_ids):
        rows = await session.all(
            select(routers.c.id, routers.c.gateway_port_id).where(
                routers.c.id.in_(part), routers.c.gateway_port_id.is_not(None)
            )
        )
        found |= {row.id: row.gateway_port_id for row in rows}
    return found


async def interface_port_ids(session: Session, router_ids: Iterable[str]) -> dict[str, list[str]]:
    """Interface ports by router."""
    found: dict[str, list[str]] = {}
    for part in in_parts(router_ids):
        rows = await session.all(
            select(router_interfaces).where(router_interfaces.c.router_id.in_(part))
        )
        for row in rows:
            found.setdefault(row.router_id, []).append(row.port_id)
    return found


async def router_of_port(session: Session, port_id: str) -> str | None:
    return await session.scalar(
        select(router_interfaces.c.router_id).where(router_interfaces.c.port_id == port_id)
    )


async def routers_in_subnet(session: Session, subnet_id: str) -> list[tuple[str, str]]:
    """(router, interface port) of every interface with an address in the subnet."""
    rows = await session.all(
        select(router_interfaces.c.router_id, router_interfaces.c.port_id)
        .join(port_addresses, port_addresses.c.port_id == router_interfaces.c.port_id)
        .where(port_addresses.c.subnet_id == subnet_id)
    )
    return [(row.router_id, row.port_id) for row in rows]


async def interface_at(session: Session, subnet_id: str, address: str) -> str | None:
    """The port that has this address of the subnet."""
    return await session.scalar(
        select(port_addresses.c.port_id).where(
            port_addresses.c.subnet_id == subnet_id, port_addresses.c.ip_address == address
        )
    )


async def routers_on(session: Session, network_id: str) -> list[str]:
    """Routers with an interface or their gateway on the network."""
    interfaces = (
        select(router_interfaces.c.router_id)
        .join(ports, ports.c.id == router_interfaces.c.port_id)
        .where(ports.c.network_id == network_id)
    )
    return list(
        await session.scalars(
            select(routers.c.id).where(
                or_(routers.c.gateway_network_id == network_id, routers.c.id.in_(interfaces))
            )
        )
    )


async def gateways_on(session: Session, network_id: str) -> list[str]:
    """Routers whose gateway is on the network."""
    return list(
        await session.scalars(
            select(routers.c.id).where(routers.c.gateway_network_id == network_id)
        )
    )


async def gateway_networks(session: Session, router_ids: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in in_parts(router_ids):
        rows = await session.all(
            select(routers.c.id, routers.c.gateway_network_id).where(routers.c.id.in_(part))
        )
        found |= {row.id: row.gateway_network_id for row in rows}
    return found


async def insert_router(tx: Tx, router: Router, gateway_port_id: str | None) -> None:
    await tx.execute(insert(routers).values(**_values(router, gateway_port_id)))


async def save_router(tx: Tx, router: Router, gateway_port_id: str | None) -> None:
    statement = update(routers).where(routers.c.id == router.id)
    await tx.execute(statement.values(**_values(router, gateway_port_id)))


async def delete_router(tx: Tx, router_id: str) -> None:
    await tx.execute(delete(routers).where(routers.c.id == router_id))


async def insert_interface(tx: Tx, router_id: str, port_id: str) -> None:
    await tx.execute(insert(router_interfaces).values(router_id=router_id, port_id=port_id))


async def delete_interface(tx: Tx, port_id: str) -> None:
    await tx.execute(delete(router_interfaces).where(router_interfaces.c.port_id == port_id))


async def _whole(session: Session, rows: Sequence[AnyRow]) -> list[Router]:
    addresses: dict[str, list[FixedIP]] = {}
    for part in in_parts(row.gateway_port_id for row in rows if row.gateway_port_id):
        address = port_addresses.c
        for found in await session.all(
            select(address.port_id, address.subnet_id, address.ip_address)
            .where(address.port_id.in_(part))
            .order_by(address.position)
        ):
            fixed = FixedIP(found.subnet_id, found.ip_address)
            addresses.setdefault(found.port_id, []).append(fixed)
    return [_router(row, tuple(addresses.get(row.gateway_port_id, ()))) for row in rows]


def _router(row: AnyRow, addresses: tuple[FixedIP, ...]) -> Router:
    gateway = None
    if row.gateway_network_id is not None:
        gateway = ExternalGateway(
            network_id=row.gateway_network_id,
            enable_snat=row.enable_snat,
            external_fixed_ips=addresses,
        )
    return Router(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        status=row.status,
        admin_state_up=row.admin_state_up,
        external_gateway_info=gateway,
        routes=tuple(Route(**route) for route in row.routes),
        availability_zone_hints=tuple(row.availability_zone_hints),
        availability_zones=tuple(row.availability_zone_hints),
        tags=tuple(row.tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision_number=row.revision_number,
    )


def _values(router: Router, gateway_port_id: str | None) -> dict[str, Any]:
    gateway = router.external_gateway_info
    own = {"gateway_port_id", "gateway_network_id", "enable_snat", "routes"}
    values = {c.name: getattr(router, c.name) for c in routers.columns if c.name not in own}
    return values | {
        "gateway_port_id": gateway_port_id,
        "gateway_network_id": gateway.network_id if gateway else None,
        "enable_snat": gateway.enable_snat if gateway else True,
        "routes": msgspec.to_builtins(router.routes),
    }
