"""Settings of a function: a pydantic model filled from the environment at cold start.

A missing or malformed variable stops the function before it serves anything, and names itself.
"""

import os
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """What every function knows. A field is read from the variable of its name in upper case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str
    home_region: str

    @classmethod
    def load(cls: type[S]) -> S:
        """Read and check them; raises pydantic.ValidationError naming what is wrong."""
        values = {
            name: os.environ[name.upper()]
            for name in cls.model_fields
            if os.environ.get(name.upper())
        }
        return cls.model_validate(values)
