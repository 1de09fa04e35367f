"""The least that routes of the Block Storage API accept, where that is choosy."""

from __future__ import annotations

from typing import Any

UUID = "11111111-2222-4333-8444-555555555555"
OF_VOLUMES: dict[str, Any] = {
    "POST /volumes": {"volume": {"size": 1}},
    "PUT /volumes/{volume_id}": {"volume": {"name": "n"}},
    "PUT /volumes/{volume_id}/metadata/{key}": {"meta": {"colour": "red"}},
    "POST /volumes/{volume_id}/action os-extend": {"os-extend": {"new_size": 2}},
    "POST /volumes/{volume_id}/action os-reset_status": {"os-reset_status": {"status": "error"}},
    "POST /volumes/{volume_id}/action os-attach": {"os-attach": {"instance_uuid": UUID}},
    "POST /snapshots": {"snapshot": {"volume_id": "{volume_id}"}},
    "PUT /snapshots/{snapshot_id}": {"snapshot": {"name": "n"}},
    "PUT /snapshots/{snapshot_id}/metadata/{key}": {"meta": {"colour": "red"}},
    "POST /snapshots/{snapshot_id}/action os-reset_status": {
        "os-reset_status": {"status": "available"}
    },
    "POST /snapshots/{snapshot_id}/action os-update_snapshot_status": {
        "os-update_snapshot_status": {"status": "available"}
    },
    "POST /volumes/{volume_id}/action os-volume_upload_image": {
        "os-volume_upload_image": {"image_name": "n"}
    },
    "POST /volumes/{volume_id}/action os-reimage": {"os-reimage": {"image_id": "{image_id}"}},
    "POST /volumes/{volume_id}/action revert": {"revert": {"snapshot_id": "{snapshot_id}"}},
    "POST /volumes/{volume_id}/action os-retype": {"os-retype": {"new_type": "{volume_type_id}"}},
    "POST /volumes/{volume_id}/action os-unset_image_metadata": {
        "os-unset_image_metadata": {"key": "colour"}
    },
    "POST /volumes/{volume_id}/action os-migrate_volume": {
        "os-migrate_volume": {"host": "unkai@file#file"}
    },
    "POST /volumes/{volume_id}/action os-migrate_volume_completion": {
        "os-migrate_volume_completion": {"new_volume": "{volume_id}"}
    },
    "POST /manageable_volumes": {
        "volume": {"host": "{host_name}", "ref": {"source-name": "{kept}"}}
    },
    "POST /os-volume-manage": {"volume": {"host": "{host_name}", "ref": {"source-name": "{kept}"}}},
    **{
        f"POST /{name}": {
            "snapshot": {"volume_id": "{volume_id}", "ref": {"source-name": "{kept}"}}
        }
        for name in ("manageable_snapshots", "os-snapshot-manage")
    },
    "POST /backups/import_record": {
        "backup-record": {"backup_service": "{backup_service}", "backup_url": "{backup_url}"}
    },
    "POST /backups": {"backup": {"volume_id": "{volume_id}"}},
    "PUT /backups/{backup_id}": {"backup": {"name": "n"}},
    "POST /backups/{backup_id}/action os-reset_status": {"os-reset_status": {"status": "error"}},
    "POST /os-volume-transfer": {"transfer": {"volume_id": "{volume_id}"}},
    "POST /volume-transfers": {"transfer": {"volume_id": "{volume_id}"}},
    "POST /os-volume-transfer/{transfer_id}/accept": {"accept": {"auth_key": "{auth_key}"}},
    "POST /volume-transfers/{transfer_id}/accept": {"accept": {"auth_key": "{auth_key}"}},
    "PUT /qos-specs/{qos_id}/delete_keys": {"keys": ["total_iops_sec"]},
    "POST /types/{volume_type_id}/encryption": {"encryption": {"provider": "luks"}},
    "POST /qos-specs": {"qos_specs": {"name": "{unique}"}},
    "PUT /qos-specs/{qos_id}": {"qos_specs": {"read_iops_sec": "9"}},
    "POST /groups": {"group": {"group_type": "{group_type_id}", "volume_types": ["__DEFAULT__"]}},
    "PUT /groups/{group_id}": {"group": {"name": "n"}},
    "POST /groups/action create-from-src": {"create-from-src": {"source_group_id": "{group_id}"}},
    "POST /groups/{group_id}/action reset_status": {"reset_status": {"status": "error"}},
    "POST /group_snapshots": {"group_snapshot": {"group_id": "{group_id}"}},
    "POST /group_snapshots/{group_snapshot_id}/action reset_status": {
        "reset_status": {"status": "available"}
    },
    "POST /group_types": {"group_type": {"name": "{unique}"}},
    "PUT /group_types/{group_type_id}": {"group_type": {"description": "d"}},
    "PUT /group_types/{group_type_id}/group_specs/{key}": {"colour": "red"},
    "POST /attachments": {"attachment": {"volume_uuid": "{volume_id}"}},
    "POST /types": {"volume_type": {"name": "{unique}"}},
    "PUT /types/{volume_type_id}": {"volume_type": {"description": "d"}},
    "PUT /types/{volume_type_id}/extra_specs/{key}": {"colour": "red"},
    "PUT /os-quota-sets/{target_project_id}": {"quota_set": {"volumes": 1000}},
    "block-storage PUT /os-quota-class-sets/{class_name}": {"quota_class_set": {"groups": 10}},
    "block-storage PUT /os-services/enable": {"host": "unkai", "binary": "cinder-scheduler"},
    "block-storage PUT /os-services/disable": {"host": "unkai", "binary": "cinder-scheduler"},
    "block-storage PUT /os-services/disable-log-reason": {
        "host": "unkai",
        "binary": "cinder-scheduler",
        "disabled_reason": "r",
    },
    "PUT /os-services/freeze": {"host": "unkai@file"},
    "PUT /os-services/thaw": {"host": "unkai@file"},
    "PUT /default-types/{target_project_id}": {"default_type": {"volume_type": "__DEFAULT__"}},
}
