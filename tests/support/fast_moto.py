"""What makes moto quick and exact enough for thousands of runs of the whole platform.

Nothing here changes what a call does. The interpreter of state machines runs in the caller's thread
(so a run is one sequence of calls, the same every time), and pauses take no time.
"""

import copy
import functools
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import botocore.loaders
import botocore.session
import jsonpath_ng.ext
import jsonpath_ng.ext.parser
import jsonpath_ng.parser
import pytest
from botocore import useragent
from botocore.retries.quota import RetryQuota
from moto.core import utils as moto_utils
from moto.core.common_models import BaseModel
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node  # type: ignore[attr-defined]
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.backend import execution_worker

from inventory.service import reserve_stock
from shop import tables

_get_value: Callable[..., Any] = ResponseSerializer.get_value
# A definition, a path and a client are made once: moto does it for every state that it enters.
_parse = functools.lru_cache(AmazonStateLanguageParser.parse)
_path = functools.lru_cache(maxsize=4096)(jsonpath_ng.ext.parser.parse)
_result_path = functools.lru_cache(maxsize=4096)(jsonpath_ng.parser.parse)
_sanitized = functools.cache(useragent.sanitize_user_agent_string_component)
_underscored = functools.cache(moto_utils.camelcase_to_underscores)
# What a session has read of endpoints and service models stays true for the next one.
_loader = functools.cache(botocore.loaders.create_loader)


@functools.cache
def _client(service: str, region: str) -> Any:
    return boto_client_for(region, service)


def _lambda_client(region: str, service: str, state_credentials: object = None) -> Any:
    return _client(service, region)


class _Inline:
    """A thread that runs where it is started."""

    def __init__(
        self, *, target: Callable[..., Any], args: tuple[Any, ...] = (), daemon: bool = True
    ) -> None:
        self._run = functools.partial(target, *args)

    def start(self) -> None:
        self._run()

    def join(self, timeout: float | None = None) -> None:
        """It has ended."""

    def is_alive(self) -> bool:
        return False


def _unhurried(_seconds: float) -> None:
    """A pause that takes no time."""


_ATOMS = frozenset({str, int, float, bool, type(None)})
_INTERPRETER = "moto.stepfunctions.parser."


def quick(patch: pytest.MonkeyPatch) -> None:
    """Until the patch is undone."""
    no_time = SimpleNamespace(sleep=_unhurried)
    patch.setattr(retrier_decl, "time", no_time)
    patch.setattr(botocore.endpoint, "time", no_time)
    patch.setattr(botocore.session, "create_loader", _loader)
    patch.setattr(useragent, "sanitize_user_agent_string_component", _sanitized)
    patch.setattr(RetryQuota, "acquire", lambda *_: True)  # each run has a fresh process's
    for function in (tables.transact, tables.batch_get, reserve_stock.reserve):
        patch.setitem(function.__kwdefaults__ or {}, "sleep", _unhurried)
    patch.setattr(AmazonStateLanguageParser, "parse", staticmethod(_parse))
    patch.setattr(json_path, "parse", _path)
    patch.setattr(result_path, "parse", _result_path)
    patch.setattr(jsonpath_ng.ext, "parse", _path)  # of bus rules
    patch.setattr(lambda_eval_utils, "boto_client_for", _lambda_client)
    patch.setattr(DepthFirstTraverser, "traverse_node_recursively", _traversed)
    patch.setattr(ResponseSerializer, "get_value", _value)
    copier = SimpleNamespace(deepcopy=_copied, copy=copy.copy)
    for name, module in list(sys.modules.items()):
        if name.startswith(_INTERPRETER) and getattr(module, "copy", None) is copy:
            patch.setattr(module, "copy", copier)
        if name.startswith("moto.") and "camelcase_to_underscores" in vars(module):
            patch.setattr(module, "camelcase_to_underscores", _underscored)
    # moto keeps every object that it ever made, for a reset that these runs do not need.
    patch.setattr(BaseModel, "__new__", lambda kind, *_, **__: object.__new__(kind))
    patch.setattr(execution_worker, "Thread", _Inline)
    patch.setattr(execute_state, "Thread", _Inline)
    patch.setattr(program, "threading", SimpleNamespace(Thread=_Inline))


def _processor(traverser: Any, kind: type) -> Callable[[Any], Any] | None:
    """What a traversal does with a kind of node: moto looks it up anew for every node."""
    known = traverser.__dict__.setdefault("_by_kind", {})
    if kind not in known:
        processors = traverser._processing_map().items()
        known[kind] = next((each for base, each in processors if issubclass(kind, base)), None)
    found: Callable[[Any], Any] | None = known[kind]
    return found


def _traversed(traverser: Any, node: Any, child_id: int = -1) -> Any:
    """moto's, with the look-up above."""
    if not isinstance(node, Node):
        return node
    parent = node.parent
    for number, child in enumerate(node.children or ()):
        traverser.pre_processing_of_child(node, number)
        _traversed(traverser, child, number)
    process = _processor(traverser, type(node))
    if process is None:
        return node
    made = process(node)
    made.parent = parent
    if parent:
        parent.children[child_id] = made
    return made


def _value(serializer: Any, value: Any, key: str, shape: Any) -> Any:
    """What DynamoDB's part of moto answers is named as the model names it: no alias is tried."""
    if type(value) is dict and serializer.operation_model.service_model.service_name == "dynamodb":
        return value.get(key)
    return _get_value(serializer, value, key, shape)


def _copied(thing: Any, memo: Any = None) -> Any:
    """`copy.deepcopy`, quicker where it is JSON, which is a tree."""
    kind = type(thing)
    if kind is dict:
        return {name: _copied(value, memo) for name, value in thing.items()}
    if kind is list:
        return [_copied(value, memo) for value in thing]
    return thing if kind in _ATOMS else copy.deepcopy(thing, memo)


def forget_clients() -> None:
    """The interpreter's client keeps the handlers that were there when it was made."""
    _client.cache_clear()
