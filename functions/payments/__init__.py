"""Payments: money is authorised, captured or voided at a provider, exactly once."""
