# SPDX-License-Identifier: Apache-2.0
"""What is said between a nursery and the process that orders children from it."""

from pydantic import BaseModel, ConfigDict

MESSAGE_BYTES = 1 << 20


class Birth(BaseModel):
    """An order: run ``module`` as a new process."""

    model_config = ConfigDict(frozen=True)

    name: str
    module: str
    environment: dict[str, str]
    directory: str
    log_path: str
    death_signal: int


class Born(BaseModel):
    """The order is carried out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    pid: int


class Ended(BaseModel):
    """A child has ended; a negative code is the signal that ended it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    code: int
