"""The deploy agent of a machine, over HTTP: ours, or the stock ironic-python-agent.

It tells its URL with each heartbeat; we answer with commands that carry the token it was given.
An agent with a certificate of its own says so in its heartbeat, and is trusted with that one alone.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from unkai.baremetal.model import AgentCommand, Node
from unkai.kit.dial import http_client
from unkai.kit.errors import Conflict, Failed, Unavailable

TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 10.0
"""A machine whose power is gone answers nothing at all."""


class HttpAgent:
    """namespace: where the agents' network is; None: this process's own."""

    def __init__(self, namespace: str | None) -> None:
        self._namespace = namespace

    async def start(self, node: Node, command: str, params: dict[str, Any]) -> AgentCommand:
        body = {"name": command, "params": params}
        return command_of(await self._call(node, "POST", "/v1/commands/", body))

    async def ask(self, node: Node, command: str, params: dict[str, Any]) -> dict[str, Any]:
        body = {"name": command, "params": params}
        done = command_of(await self._call(node, "POST", "/v1/commands/?wait=true", body))
        if done.status != "SUCCEEDED":
            raise Failed(
                f"The agent of node {node.uuid} failed at {command}: {done.error or done.status}",
                code="agent-command",
            )
        return done.result

    async def commands(self, node: Node) -> list[AgentCommand]:
        told = await self._call(node, "GET", "/v1/commands/")
        return [command_of(one) for one in told["commands"]]

    async def _call(
        self, node: Node, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        info = node.driver_internal_info
        url = info.get("agent_url")
        if not url:
            raise Unavailable(f"Node {node.uuid} has no agent now.", code="agent-unreachable")
        sign = "&" if "?" in path else "?"
        target = f"{url}{path}{sign}agent_token={node.agent_token}"
        try:
            async with http_client(
                self._namespace, tls=_trust(info.get("agent_verify_ca")), timeout_s=TIMEOUT_S
            ) as client:
                limits = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
                answer = await client.request(method, target, json=body, timeout=limits)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The agent of node {node.uuid} does not answer at {url}.", code="agent-unreachable"
            ) from error
        if answer.status_code == 409:
            raise Conflict(f"The agent of node {node.uuid} is busy.", code="agent-busy")
        if answer.status_code >= 400:
            raise Failed(
                f"The agent of node {node.uuid} answers {answer.status_code}: {answer.text[:500]}",
                code="agent-command",
            )
        return answer.json()


def _trust(pem: str | None) -> ssl.SSLContext | None:
    """Only the agent's own certificate; its name is an address."""
    if not pem:
        return None
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False
    return context


def command_of(told: dict[str, Any]) -> AgentCommand:
    error = told.get("command_error")
    if isinstance(error, dict):
        named: dict[str, Any] = error  # pyright: ignore[reportUnknownVariableType]
        parts = (named.get("message") or named.get("type"), named.get("details"))
        error = ": ".join(dict.fromkeys(str(part) for part in parts if part))
    result = told.get("command_result")
    return AgentCommand(
        id=str(told["id"]),
        name=str(told["command_name"]),
        status=str(told["command_status"]),
        result=result if isinstance(result, dict) else {"result": result},  # pyright: ignore[reportUnknownArgumentType]
        error=str(error) if error else None,
    )
