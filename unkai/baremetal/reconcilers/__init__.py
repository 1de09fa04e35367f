"""What keeps machines and tables alike."""
