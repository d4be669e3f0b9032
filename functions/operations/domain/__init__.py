"""Rules of operations: what goes on the bus, and the engine of the invariants."""
