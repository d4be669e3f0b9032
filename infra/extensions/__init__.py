"""What one service needs and no other: a module of the service's name, found by it.

`extend(stack)` makes the resources and offers them to the functions' `uses`, before these are made.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.stacks.functions import FunctionStack


def extend(stack: "FunctionStack") -> None:
    """Make what is special about the stack's service, if anything is."""
    name = f"{__name__}.{stack.service.name}"
    if importlib.util.find_spec(name) is not None:
        found: Callable[[FunctionStack], None] = importlib.import_module(name).extend
        found(stack)
