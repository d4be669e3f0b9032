"""Routes of the inventory, one file each."""
