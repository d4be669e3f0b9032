"""Users, sessions and access tokens. What it is for: README.md."""
