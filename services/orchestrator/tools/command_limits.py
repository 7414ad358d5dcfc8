# SPDX-License-Identifier: Apache-2.0
"""How much a program may take that is run for a model."""

from pydantic import BaseModel, ConfigDict, Field


class CommandLimits(BaseModel):
    """Upper bounds for one program with all that it starts; time is bounded by the call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory: int = Field(
        default=256, ge=64, le=1024**2, description="MiB of memory, 64 or more, such as 1024"
    )
    cpu_time: int = Field(
        default=120,
        ge=1,
        le=86_400,
        description="seconds of processor time that one process may use, such as 120",
    )
    processes: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="how many processes there may be at once, 1 to 10000",
    )
