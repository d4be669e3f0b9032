"""What payments asks of others."""
