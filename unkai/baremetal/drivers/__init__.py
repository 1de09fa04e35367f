"""How machines are reached: small Protocols, their real sides and their played ones."""
