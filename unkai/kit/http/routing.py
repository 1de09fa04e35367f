"""Finding a route: a tree of path segments over every API of the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from unkai.kit.errors import Fault
from unkai.kit.http.route import Api, Route
from unkai.kit.http.versions import Version


@dataclass
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    variable: _Node | None = None
    routes: list[tuple[Api, Route]] = field(default_factory=list[tuple[Api, Route]])


@dataclass(frozen=True)
class Match:
    """Every route of a path, with the values of its variables in their order."""

    routes: Sequence[tuple[Api, Route]]
    values: tuple[str, ...]

    def methods(self) -> list[str]:
        return sorted({route.method for _, route in self.routes})

    def methods_at(self, version: Version) -> set[str]:
        return {r.method for _, r in self.routes if r.first <= version <= r.last}

    def absent(self, method: str) -> type[Fault] | None:
        """How a method that exists only at other versions is refused; None where there is none."""
        return next((route.absent for _, route in self.routes if route.method == method), None)

    def params(self, api: Api, route: Route) -> dict[str, str]:
        names = [
            part[1:-1] for part in f"{api.prefix}{route.path}".split("/") if part.startswith("{")
        ]
        return dict(zip(names, self.values, strict=True))

    def pick(self, method: str, version: Version) -> list[tuple[Api, Route]]:
        """Routes of the method that exist at the version; several only for actions."""
        return [
            (api, route)
            for api, route in self.routes
            if route.method == method and route.first <= version <= route.last
        ]


class Router:
    """All routes of all APIs; literal segments win over variable ones."""

    def __init__(self, apis: Sequence[Api]) -> None:
        self._root = _Node()
        for api in apis:
            for route in api.routes:
                self._add(api, route, api.prefix)
                if api.also_at and route.path != "/":
                    self._add(api, route, api.also_at)

    def _add(self, api: Api, route: Route, prefix: str) -> None:
        node = self._root
        for part in f"{prefix}{route.path}".strip("/").split("/"):
            if part.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(part, _Node())
        node.routes.append((api, route))

    def match(self, path: str) -> Match | None:
        """The routes of a path; a slash at its end does not matter."""
        found = _descend(self._root, path.strip("/").split("/"), 0)
        return Match(found[0].routes, tuple(found[1])) if found else None


def _descend(node: _Node, parts: list[str], at: int) -> tuple[_Node, list[str]] | None:
    if at == len(parts):
        return (node, []) if node.routes else None
    child = node.literal.get(parts[at])
    if child is not None:
        found = _descend(child, parts, at + 1)
        if found is not None:
            return found
    if node.variable is not None and parts[at]:
        found = _descend(node.variable, parts, at + 1)
        if found is not None:
            found[1].insert(0, parts[at])
            return found
    return None
