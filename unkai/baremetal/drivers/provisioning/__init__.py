"""Provisioning networks as machines see them: DHCP, TFTP and HTTP."""
