"""On which line each value of a TOML or JSON text stands.

Neither ``tomllib`` nor ``json`` tells. The text has been parsed by one of them already, so this scanner only has
to keep its place, not to validate; it runs when there is an error to report, and never otherwise.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Literal

from router.schema.base import Path

_BLANK = re.compile(r"(?:[ \t\r\n,]+|#[^\n]*)*")
_JSON_BLANK = re.compile(r"[ \t\r\n,]*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'', re.DOTALL)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ATOM = re.compile(r"[^,\]}\n#]*")
_SPACE = re.compile(r"[ \t]*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SEPARATOR = re.compile(r"[ \t\r\n]*[:=][ \t\r\n]*")


class Positions:
    """The line of every key and element of a valid text, and the keys (with their lines) that stand twice in one JSON object."""

    def __init__(self, text: str, kind: Literal["toml", "json"]) -> None:
        self.lines: dict[Path, int] = {}
        self.repeated: list[tuple[Path, int]] = []
        self._text = text
        self._kind = kind
        self._blank = _BLANK if kind == "toml" else _JSON_BLANK
        self._at = 0
        self._counted_to, self._line = 0, 1
        self._tables: dict[Path, int] = {}
        if kind == "toml":
            self._document()
        else:
            self._skip()
            self._value(())

    def line(self, path: Path) -> int:
        """The line of the deepest part of ``path`` that the text holds; 1 if it holds none."""
        for end in range(len(path), 0, -1):
            if (line := self.lines.get(path[:end])) is not None:
                return line
        return 1

    def _document(self) -> None:
        table: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                double = self._text.startswith("[[", self._at)
                self._at += 1 + double
                table = self._table(self._key(), array=double)
                self._at = self._text.index("]", self._at) + 1 + double
            else:
                self._entry(table)
            self._skip()

    def _table(self, keys: Path, *, array: bool) -> Path:
        path: Path = ()
        for depth, key in enumerate(keys):
            path += (key,)
            if array and depth == len(keys) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
            self._mark(path)
            if path in self._tables:
                path += (self._tables[path] - 1,)
        self._mark(path)
        return path

    def _entry(self, above: Path) -> None:
        path = above
        for key in self._key():
            path += (key,)
            again = path in self.lines and self._kind == "json"
            line = self._mark(path)
            if again:
                self.repeated.append((path, line))
        if separator := _SEPARATOR.match(self._text, self._at):
            self._at = separator.end()
        self._value(path)

    def _key(self) -> Path:
        keys: list[str] = []
        while True:
            if space := _SPACE.match(self._text, self._at):
                self._at = space.end()
            if token := _STRING.match(self._text, self._at):
                keys.append(self._unquoted(token.group()))
            elif token := _BARE_KEY.match(self._text, self._at):
                keys.append(token.group())
            else:
                raise AssertionError("a valid text has a key here")
            self._at = token.end()
            dot = _DOT.match(self._text, self._at) if self._kind == "toml" else None
            if dot is None:
                return tuple(keys)
            self._at = dot.end()

    def _unquoted(self, token: str) -> str:
        if self._kind == "json":
            return str(json.loads(token, strict=False))
        return str(tomllib.loads(f"k = {token}")["k"])

    def _value(self, path: Path) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening in ("[", "{"):
            closing = "]" if opening == "[" else "}"
            self._at += 1
            self._skip()
            index = 0
            while not self._text.startswith(closing, self._at):
                if opening == "{":
                    self._entry(path)
                else:
                    self._mark((*path, index))
                    self._value((*path, index))
                    index += 1
                self._skip()
            self._at += 1
        elif (token := _STRING.match(self._text, self._at)) or (token := _ATOM.match(self._text, self._at)):
            self._at = token.end()

    def _skip(self) -> None:
        if blank := self._blank.match(self._text, self._at):
            self._at = blank.end()

    def _mark(self, path: Path) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        self.lines.setdefault(path, self._line)
        return self._line
