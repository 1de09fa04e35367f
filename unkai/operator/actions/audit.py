"""Both sides of everything, compared: what has no owner, and what owner has nothing."""

from __future__ import annotations

from unkai.kit.leftovers import Leftover
from unkai.operator.service import Operator


async def audit(operator: Operator) -> list[Leftover]:
    """Everything left over in any service; empty when the cloud is clean.

    What a live operation still works on is not a leftover. A difference counts only if a second
    look still finds it, since the two sides are never read at the same instant.
    """
    first = await _look(operator)
    if not first:
        return []
    await operator.kit.clock.sleep(0.5)
    second = set(await _look(operator))
    return [leftover for leftover in first if leftover in second]


async def _look(operator: Operator) -> list[Leftover]:
    found: list[Leftover] = []
    for look in operator.audits.values():
        found += await look()
    return found
