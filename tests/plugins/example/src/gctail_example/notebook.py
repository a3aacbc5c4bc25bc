"""A sink: a line for every finding, in a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from gctail.plugins import Letter, Notice, Route, Struct, Undelivered, key


class Settings(Route, frozen=True, kw_only=True):
    """A file that findings are written into, beside what every sink has: severity, services, kinds, …"""

    path: Annotated[str, key("where they are written")]


def letters(settings: Settings, notices: Sequence[Notice], now_s: float) -> list[Letter]:
    """What is sent of some notices. gctail calls this in a thread of the sink's own, keeps what is not delivered
    on the disk, and tries again: it is enough to raise Undelivered.
    """
    del now_s
    return [Page(settings.path, "".join(f"{notice.title}: {notice.summary}\n" for notice in notices))]


class Page(Struct, frozen=True):
    """Some lines for a file."""

    path: str
    text: str

    def shown(self) -> str:
        """What `gctail alert test --dry-run` prints."""
        return f"write into {self.path}:\n{self.text}"

    def send(self, timeout_s: float) -> None:
        """Write them."""
        del timeout_s
        try:
            with Path(self.path).open("a", encoding="utf-8") as file:
                file.write(self.text)
        except OSError as error:
            raise Undelivered(f"{self.path}: {error.strerror}") from error
