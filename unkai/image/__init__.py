"""Images (Glance): what servers boot from, kept as files, inspected before anybody opens them."""
