# SPDX-License-Identifier: Apache-2.0
"""What all views share."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class View(BaseModel):
    """Something that is said, and does not change while it is."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(View, Generic[Item]):
    """Some items, and where to go on; ``next`` is None at the end."""

    items: list[Item]
    next: str | None = Field(description="`cursor` of the next page")


class Gap(View):
    """Events that are missing, while later ones are stored: both numbers inclusive."""

    first: int
    last: int
