"""What stands behind a host's name when it is no hypervisor's."""
