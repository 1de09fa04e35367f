"""The deploy agent that runs on a physical machine: `agent/` is what `guests.ramdisk` packs."""
