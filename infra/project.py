"""The files that a synth reads: declarations, built assets, the API contract, machines."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.stages import Stage
from shop.deploy import Platform, discover

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where things are. Tests give other places."""

    root: Path = ROOT
    build: Path = ROOT / "build"
    openapi: Path = ROOT / "docs" / "openapi.json"
    machines: Path = ROOT / "state_machines"
    layers: Path = ROOT / "layers" / "layers.json"

    def platform(self) -> Platform:
        """What the services declare."""
        return discover(self.root)

    def asset(self, stage: Stage, kind: str, name: str) -> str:
        """The built folder of a function or layer, or its zip, which deploys faster."""
        folder = self.build / stage.assets / kind / name
        for candidate in (folder.with_name(f"{name}.zip"), folder):
            if candidate.exists():
                return str(candidate)
        raise SystemExit(
            f"{folder.relative_to(self.build.parent)} is not built: run "
            f"`python -m tools.build --platform {stage.assets}` first."
        )

    def linked_layers(self, stage: Stage, service: str) -> str:
        """PYTHONPATH to the built layers of a service, for functions that run on this machine."""
        base = self.build / stage.assets / "layers"
        return os.pathsep.join(str(base / name / "python") for name in self.layers_of(service))

    def layer_names(self) -> list[str]:
        """Every layer that some service uses."""
        return sorted({name for names in self._layers().values() for name in names})

    def layers_of(self, service: str) -> list[str]:
        """The layers of a service, in the order in which Lambda unpacks them."""
        layers = self._layers()
        return layers.get(service, layers["default"])

    def _layers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = json.loads(self.layers.read_text())
        return found

    def contract(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if not self.openapi.exists():
            raise SystemExit(f"{self.openapi.name} is not generated: run `make contracts` first.")
        document: dict[str, Any] = json.loads(self.openapi.read_text())
        return document

    def machine(self, name: str) -> str:
        """The text of a state machine."""
        return (self.machines / f"{name}.asl.json").read_text()
