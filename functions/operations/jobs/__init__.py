"""Stream functions."""
