"""RBAC policies, and how `shared` and `router:external` of a network are told by them."""

from __future__ import annotations

from unkai.kit.db import Tx
from unkai.network.model import Network, RbacPolicy
from unkai.network.service import NetworkService
from unkai.network.store import rbac_policies as store

EVERYONE = "*"


async def sync_wildcards(network: NetworkService, tx: Tx, made: Network) -> None:
    """Have the two policies for everybody exactly when the network's two flags say so."""
    wanted = {"access_as_shared": made.shared, "access_as_external": made.router_external}
    present = {
        policy.action: policy.id
        for policy in await store.policies_of(tx, "network", made.id)
        if policy.target_project == EVERYONE
    }
    for action, wants in wanted.items():
        if wants and action not in present:
            await store.insert_policy(
                tx,
                RbacPolicy(
                    id=network.kit.chance.uuid(),
                    project_id=made.project_id,
                    object_type="network",
                    object_id=made.id,
                    action=action,
                    target_project=EVERYONE,
                ),
            )
        elif not wants and action in present:
            await store.delete_policy(tx, present[action])
