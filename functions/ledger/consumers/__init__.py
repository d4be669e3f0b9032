"""Queues fed by the bus."""
