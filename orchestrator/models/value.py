"""What all values have in common: they are frozen; a change makes a new one."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

Graph = dict[str, dict[str, Any]]  # node id -> {class_type, inputs, _meta}: ComfyUI's API format


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def evolve(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)
