"""service: steps on a deployed machine, which its tenant keeps."""

from __future__ import annotations

from unkai.baremetal.actions.agent_session import end_session, resume, session
from unkai.baremetal.actions.change_state import fail_node, node_of
from unkai.baremetal.actions.rescue_node import back_to_tenant, boot_instance, leave_tenant
from unkai.baremetal.actions.run_steps import Steps, agent_steps, chosen, run_steps
from unkai.baremetal.service import Baremetal
from unkai.kit.operations import Operation, Result, Run, Step, Wait
from unkai.timeline import model as who


async def choose_service_steps(baremetal: Baremetal, run: Run) -> Steps:
    asked: Steps = run.input.get("service_steps") or []
    node = await node_of(baremetal, run)
    if run.kind == SERVICE_WITHOUT_RAMDISK.kind:
        return chosen([], asked, node)
    return chosen(await agent_steps(baremetal, node, "service"), asked, node)


async def serve(baremetal: Baremetal, run: Run) -> Result | Wait:
    return await run_steps(baremetal, run, "service", run.results["choose_service_steps"])


SERVICE_NODE = Operation(
    "service-node",
    Step(leave_tenant, who.NEUTRON_API),
    *session(),
    Step(choose_service_steps, who.BARE_METAL_NODE),
    Step(serve, who.BARE_METAL_NODE),
    Step(resume, who.IRONIC_CONDUCTOR),
    Step(end_session, who.BARE_METAL_NODE_BMC),
    Step(back_to_tenant, who.NEUTRON_API),
    Step(boot_instance, who.BARE_METAL_NODE_BMC),
    failed=fail_node,
    deadline_s=86400.0,
)

SERVICE_WITHOUT_RAMDISK = Operation(
    "service-node-without-ramdisk",
    Step(choose_service_steps, who.IRONIC_CONDUCTOR),
    Step(serve, who.IRONIC_CONDUCTOR),
    Step(boot_instance, who.BARE_METAL_NODE_BMC),
    failed=fail_node,
    deadline_s=86400.0,
)
