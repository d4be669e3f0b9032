"""Adapters to payment service providers: the port is `payments.service.ports.Psp`."""
