"""One stack per service, the platform below them, the gateway above them."""
