"""Who may ask the operator's API."""

from unkai.kit.policy import Policy, admin_reader, member, reader

POLICY = Policy(
    {
        "unkai:events": reader,
        "unkai:timelines:show": reader,
        "unkai:placements:show": reader,
        "unkai:servers:dry_run": member,
        "unkai:boot_times:list": reader,
        "unkai:capacity": reader,
        "unkai:servers:metrics": reader,
        "unkai:hosts:metrics": admin_reader,
        "unkai:nodes:metrics": admin_reader,
        "unkai:nodes:logs": admin_reader,
        "unkai:operations:list": reader,
        "unkai:audit": admin_reader,
        "unkai:status": admin_reader,
        "unkai:metrics": admin_reader,
    }
)
