"""What identity asks of others."""
