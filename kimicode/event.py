"""What all events share."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """What all events share: the name under which they are written."""

    type: ClassVar[str] = ""
    durable: ClassVar[bool] = False
