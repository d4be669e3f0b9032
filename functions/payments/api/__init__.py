"""The routes: one file, one Lambda each."""
