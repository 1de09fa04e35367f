"""abort: what waits is cancelled and taken back; the node is in its failed state at once."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import node_uuid_of, note
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.timeline import model as who


async def note_abort(baremetal: Baremetal, run: Run) -> Result:
    """Runs once everything of the aborted operation is taken back."""

    async def write(tx: Tx) -> None:
        uuid = node_uuid_of(run)
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        said = f"By request, the operation was aborted while the node was {run.input['from']}."
        now = baremetal.kit.clock.now()
        await nodes.change_node(
            tx,
            node,
            now,
            last_error=said,
            agent_token=None,
            clean_step={},
            deploy_step={},
            service_step={},
        )
        await note(baremetal, tx, uuid, said, run.kind, run=run)

    return Result(write=write)


ABORT_NODE = Operation("abort-node", Step(note_abort, who.IRONIC_CONDUCTOR))
