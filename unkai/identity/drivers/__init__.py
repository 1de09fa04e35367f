"""What identity runs on besides the database: password hashing and sealing."""
