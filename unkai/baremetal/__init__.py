"""The bare-metal service (Ironic): physical machines by their BMC, PXE and a deploy agent."""
