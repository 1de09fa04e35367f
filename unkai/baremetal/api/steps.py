"""Steps of deploy templates and runbooks: what of them is said, checked and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from unkai.baremetal.api.node_views import masked
from unkai.baremetal.model import StepTemplate
from unkai.kit.errors import BadRequest

Rank = Annotated[int, Meta(ge=0, lt=2**31)]
Word = Annotated[str, Meta(min_length=1, max_length=255)]


class TemplateStep(Struct, forbid_unknown_fields=True):
    """Of a deploy template: runs by its priority among all steps of a deployment."""

    interface: Literal[
        "vendor", "power", "management", "firmware", "deploy", "bios", "raid", "network"
    ]
    step: Word
    args: dict[str, Any]
    priority: Rank


class RunbookStep(Struct, forbid_unknown_fields=True):
    """Of a runbook: runs in the order that it says itself."""

    interface: Literal[
        "vendor", "power", "management", "firmware", "deploy", "bios", "raid", "network"
    ]
    step: Word
    order: Rank
    args: dict[str, Any] = {}


def kept(steps: Sequence[TemplateStep] | Sequence[RunbookStep]) -> list[StepTemplate]:
    """As the model has them; BadRequest where one is named twice."""
    made = [
        StepTemplate(
            interface=one.interface,
            step=one.step,
            args=one.args,
            priority=one.priority if isinstance(one, TemplateStep) else None,
            order=one.order if isinstance(one, RunbookStep) else None,
        )
        for one in steps
    ]
    names = [(one.interface, one.step) for one in made]
    twice = sorted({".".join(name) for name in names if names.count(name) > 1})
    if twice:
        raise BadRequest(
            f"Each step can be there only once. Duplicates: {', '.join(twice)}.",
            code="duplicate-steps",
        )
    return made


def shown(steps: Sequence[StepTemplate], *, mask: bool = True) -> list[dict[str, Any]]:
    """mask: without the passwords among their arguments."""
    made: list[dict[str, Any]] = []
    for one in steps:
        step: dict[str, Any] = {
            "interface": one.interface,
            "step": one.step,
            "args": masked(one.args) if mask else one.args,
        }
        if one.priority is not None:
            step["priority"] = one.priority
        if one.order is not None:
            step["order"] = one.order
        made.append(step)
    return made
