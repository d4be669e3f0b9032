"""Operations: the outbox relay, health, and what describes the API to its users."""
