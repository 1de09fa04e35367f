"""Where image data is kept, and how it is looked at before it is used."""
