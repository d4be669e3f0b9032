"""Routes of the catalogue, one file each."""
