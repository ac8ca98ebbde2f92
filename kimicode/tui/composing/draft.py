"""What the person is about to send: text in which a label stands for every large paste and every image."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # heavy, and the first paint does without
    from kimicode.messages import Image

T = TypeVar("T")
_LABEL = re.compile(r"\[Pasted text #(?P<paste>\d+) \+\d+ (?:lines|characters)\]|\[Image #(?P<image>\d+)\]")


@dataclass(frozen=True, slots=True)
class Draft:
    """`[Pasted text #2 +42 lines]` in the text stands for `pastes[1]`, `[Image #1]` for `images[0]`."""

    text: str = ""
    pastes: tuple[str, ...] = ()
    images: "tuple[Image, ...]" = ()

    def __bool__(self) -> bool:
        return bool(self.text.strip())

    @property
    def expanded(self) -> str:
        """The text with the pastes in their places. An image keeps its label, by which the text speaks of it."""
        contents = Attachments(list(self.pastes), list(self.images))
        return _LABEL.sub(lambda found: contents.pasted(found) or found[0], self.text)

    def to_json(self) -> dict[str, object]:
        """Text and pastes; images are not kept."""
        return {"text": without_images(self.text, len(self.images)), "pastes": list(self.pastes)}

    @classmethod
    def from_json(cls, value: object) -> "Draft | None":
        """The inverse of `to_json`; None for anything else."""
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            return None
        pastes = value.get("pastes", [])
        if not isinstance(pastes, list) or not all(isinstance(paste, str) for paste in pastes):
            return None
        return cls(value["text"], tuple(pastes))


@dataclass(slots=True)
class Attachments:
    """What the labels in a composer stand for. It only grows while a draft is written, so that undo finds it again."""

    pastes: list[str] = field(default_factory=list)
    images: "list[Image]" = field(default_factory=list)

    def add_paste(self, text: str) -> str:
        """Keep a text; returns its label."""
        self.pastes.append(text)
        return paste_label(len(self.pastes), text)

    def add_image(self, image: "Image") -> str:
        """Keep an image; returns its label."""
        self.images.append(image)
        return f"[Image #{len(self.images)}]"

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        """Where labels that stand for something are in a line: start and end."""
        if "[" in line:
            yield from (found.span() for found in _LABEL.finditer(line) if self._known(found))

    def pasted(self, found: re.Match[str]) -> str | None:
        """The text behind a label; None if it is no label of a paste that is here."""
        number = int(found["paste"] or 0)
        if not 0 < number <= len(self.pastes):
            return None
        text = self.pastes[number - 1]
        return text if paste_label(number, text) == found[0] else None

    def draft(self, text: str) -> Draft:
        """The draft of a text with labels: only what the text names, numbered anew."""
        pastes: dict[int, str] = {}
        images: dict[int, Image] = {}

        def renumbered(found: re.Match[str]) -> str:
            if not self._known(found):
                return found[0]
            if found["image"]:
                images.setdefault(number := int(found["image"]), self.images[number - 1])
                return f"[Image #{list(images).index(number) + 1}]"
            pastes.setdefault(number := int(found["paste"]), self.pastes[number - 1])
            return paste_label(list(pastes).index(number) + 1, pastes[number])

        return Draft(_LABEL.sub(renumbered, text), tuple(pastes.values()), tuple(images.values()))

    def adopt(self, draft: Draft) -> str:
        """Take over what a draft holds; returns its text with labels that are right here."""
        offered = Attachments(list(draft.pastes), list(draft.images))
        pastes = [_place(self.pastes, paste) for paste in draft.pastes]
        images = [_place(self.images, image) for image in draft.images]

        def renumbered(found: re.Match[str]) -> str:
            if not offered._known(found):
                return found[0]
            if found["image"]:
                return f"[Image #{images[int(found['image']) - 1]}]"
            number = pastes[int(found["paste"]) - 1]
            return paste_label(number, self.pastes[number - 1])

        return _LABEL.sub(renumbered, draft.text)

    def folded(self, text: str) -> str:
        """The text with every paste that stands in it unchanged replaced by its label."""
        for number, paste in enumerate(self.pastes, 1):
            text = text.replace(paste, paste_label(number, paste), 1)
        return text

    def _known(self, found: re.Match[str]) -> bool:
        if found["image"]:
            return 0 < int(found["image"]) <= len(self.images)
        return self.pasted(found) is not None


def _place(items: list[T], item: T) -> int:
    """The place of an item, counted from 1; at the end if it was not there."""
    if item not in items:
        items.append(item)
    return items.index(item) + 1


def paste_label(number: int, text: str) -> str:
    """What stands in the composer for a large paste."""
    lines = text.removesuffix("\n").count("\n") + 1
    size = f"{lines} lines" if lines > 1 else f"{len(text)} characters"
    return f"[Pasted text #{number} +{size}]"


def without_images(text: str, count: int) -> str:
    """The text without the labels of its `count` images, for where images are not kept."""
    return _LABEL.sub(lambda found: "" if 0 < int(found["image"] or 0) <= count else found[0], text)


@dataclass(frozen=True, slots=True)
class DraftFile:
    """Where an unsent draft outlives a crash: one per session."""

    path: Path

    def save(self, draft: Draft) -> None:
        """Write the draft; an empty one removes the file. Raises OSError."""
        if not draft:
            self.path.unlink(missing_ok=True)
            return
        temporary = self.path.with_name(f".{self.path.name}.{os.urandom(4).hex()}.tmp")
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
                stream.write(json.dumps(draft.to_json()).encode())
            os.replace(temporary, self.path)
        finally:
            temporary.unlink(missing_ok=True)

    def load(self) -> Draft:
        """The draft that was left behind; an empty one if there is none that can be read."""
        try:
            return Draft.from_json(json.loads(self.path.read_bytes())) or Draft()
        except (OSError, ValueError, RecursionError):
            return Draft()
