"""The kernel: what two or more services use.

Pure: money, ids, clock, problems, idempotency, trace. AWS glue: http, events, tables, settings,
telemetry, consumer, steps, machine. It imports no service.
"""
