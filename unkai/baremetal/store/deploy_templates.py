"""Deploy templates: steps that a deployment has more, where the instance asks for their trait."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.model import DeployTemplate
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import deploy_templates
from unkai.kit.db import Session

TEMPLATES = Rows(deploy_templates, DeployTemplate)


async def templates_named(session: Session, names: Sequence[str]) -> Sequence[DeployTemplate]:
    """Those whose name is one of these traits."""
    return await TEMPLATES.list(session, deploy_templates.c.name.in_(names)) if names else []
