"""What several suites share: tables in moto, API Gateway events."""
