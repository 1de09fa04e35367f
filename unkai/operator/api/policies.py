"""Who may ask the operator's API."""

from unkai.kit.policy import Policy, admin_reader, reader

POLICY = Policy(
    {
        "unkai:events": reader,
        "unkai:timelines:show": reader,
        "unkai:placements:show": reader,
        "unkai:nodes:logs": admin_reader,
        "unkai:operations:list": reader,
        "unkai:audit": admin_reader,
        "unkai:status": admin_reader,
        "unkai:metrics": admin_reader,
    }
)
