"""The code fence or the table that a line of Markdown stands in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(
    r"(?P<prefix>[ >\t]{0,12}(?:(?:[-*+]|\d{1,2}[.)])[ \t]{1,4})?)"
    r"(?P<marks>`{3,12}(?=[^`]*$)|~{3,12}(?!~))[ \t]*(?P<info>[\w+#.-]{0,32})"
)
_DELIMITER_ROW = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


@dataclass(frozen=True)
class Context:
    """The code fence or the table that a text is in the middle of, line by line; empty for neither."""

    prefix: str = ""
    marks: str = ""
    info: str = ""
    row: str = ""
    table: str = ""

    def after(self, line: str) -> Context:
        if self.marks and (">" not in self.prefix or line.lstrip().startswith(">")):
            return Context() if self._is_closed_by(line) else self
        if fence := _FENCE.match(line):
            prefix = re.sub(r"[^ >\t]", " ", fence["prefix"])  # under a list's mark stands its text
            return Context(prefix, fence["marks"], fence["info"])
        if self.table and "|" in line:
            return self
        if self.row and "|" in line and _DELIMITER_ROW.match(line):
            return Context(table=f"{self.row}\n{line}\n")
        return Context(row=line if "|" in line else "")

    def _is_closed_by(self, line: str) -> bool:
        """Return whether `line` is marks alone, as many as opened the fence or more, and not code itself."""
        closing = rf"[ >\t]{{0,{len(self.prefix) + 3}}}{self.marks}{self.marks[0]}*\s*$"
        return re.match(closing, line) is not None

    def closed(self, text: str) -> str:
        if not self.marks:
            return text
        return f"{text.removesuffix(chr(10))}\n{self.prefix}{self.marks}"

    def reopening(self, rest: str) -> str:
        """Return what the next message must begin with so that `rest` is read as it was meant."""
        if self.marks:
            return f"{self.prefix}{self.marks}{self.info}\n"
        return self.table if "|" in rest.partition("\n")[0] else ""
