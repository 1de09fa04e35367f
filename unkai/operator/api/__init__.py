"""The routes of /unkai/v1."""

from unkai.kit.http import Api, dialects
from unkai.operator.api import (
    audit,
    capabilities,
    events,
    health,
    launches,
    live_timelines,
    node_logs,
    operations,
    placements,
    timelines,
    usage,
)
from unkai.operator.api.policies import POLICY
from unkai.operator.service import Operator


def operator_api(operator: Operator) -> Api:
    return Api(
        "unkai",
        "/unkai/v1",
        (
            *health.ROUTES,
            *events.ROUTES,
            *timelines.ROUTES,
            *live_timelines.ROUTES,
            *node_logs.ROUTES,
            *placements.ROUTES,
            *launches.ROUTES,
            *capabilities.ROUTES,
            *usage.ROUTES,
            *operations.ROUTES,
            *audit.ROUTES,
        ),
        operator,
        POLICY,
        dialects.unkai,
    )
