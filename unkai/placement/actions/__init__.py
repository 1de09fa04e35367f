"""What placement does for the API and for higher services, inside their transactions."""
