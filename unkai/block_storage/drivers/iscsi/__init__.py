"""iSCSI targets by tgt: see `exporter`."""
