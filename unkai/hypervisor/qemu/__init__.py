"""One QEMU process: its command line, its start, its monitor."""
