"""The image API's rules, by upstream's names."""

from __future__ import annotations

from unkai.kit.policy import Policy, admin, member, reader

RULES = Policy(
    {
        "add_image": member,
        "get_images": reader,
        "get_image": reader,
        "modify_image": member,
        "delete_image": member,
        "publicize_image": admin,
        "communitize_image": member,
        "download_image": reader,
        "upload_image": member,
        "stage_image": member,
        "import_image": member,
        "deactivate": member,
        "reactivate": member,
        "add_member": member,
        "get_members": reader,
        "get_member": reader,
        "modify_member": member,
        "delete_member": member,
        "get_task": reader,
        "get_schemas": reader,
        "get_discovery": reader,
        "tasks_api_access": admin,
        "stores_info_detail": admin,
    }
)
