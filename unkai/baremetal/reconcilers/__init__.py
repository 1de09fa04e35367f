"""The clock's door of the bare-metal service: machines against what the tables say of them."""
