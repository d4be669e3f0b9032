"""What to try once the platform is up, ready to be copied."""

from __future__ import annotations

from typing import Any


def after_up(description: dict[str, Any], seconds: float) -> str:
    """Commands for a whole journey: log in, look, order, pay, read the books."""
    return TEXT.format(
        seconds=seconds,
        api=description["api_url"],
        customer=description["users"]["customer"],
        finance=description["users"]["finance"],
    )


TEXT = """
The platform is up ({seconds:.0f} s). Copy this into a shell to try it:

  api={api}
  get() {{ python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }}
  key() {{ python3 -c "import uuid; print(uuid.uuid4())"; }}
  post() {{ curl -s -X POST "$api$1" -H 'Content-Type: application/json' -d "$2" "${{@:3}}"; }}
  login() {{ post /sessions '{{"email": "'$1'", "password": "'$2'"}}' | get '["access_token"]'; }}

  # Log in as a customer, and as {finance[email]}, who has a second factor as all staff has
  me="Authorization: Bearer $(login {customer[email]} {customer[password]})"
  finance="Authorization: Bearer $(.venv/bin/shopctl token finance)"

  # Look at the products, and take the first one
  curl -s "$api/products?limit=5"
  sku=$(curl -s "$api/products?limit=1" | get '["data"][0]["variants"][0]["sku"]')

  # Order one, pay for it, and see what happened
  to='"name": "Ada", "line1": "1 Quay", "city": "Bath", "postal_code": "BA1 1LT", "country": "GB"'
  lines='[{{"sku": "'$sku'", "quantity": 1}}]'
  order=$(post /orders '{{"lines": '"$lines"', "shipping_address": {{'"$to"'}}}}' \\
    -H "$me" -H "Idempotency-Key: $(key)" | get '["order_id"]')
  post /payments '{{"order_id": "'$order'", "payment_method": "pm_card_visa"}}' \\
    -H "$me" -H "Idempotency-Key: $(key)"
  curl -s "$api/orders/$order/timeline" -H "$me"

  # The books show it a moment later
  curl -s "$api/ledger/accounts/2100:USD/entries?limit=1" -H "$finance"

make logs follows the functions; make down stops all and keeps the data; make help lists the rest.
"""
