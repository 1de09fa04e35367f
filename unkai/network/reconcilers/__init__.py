"""What keeps the wire and the tables alike."""
