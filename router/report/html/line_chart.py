"""A chart of amounts over values, as inline SVG: lines or stairs, gaps where there is nothing, and marks on the values that matter.

Letters stand at percentages and keep their size; the lines stretch with the width. Where the values are words there are only dots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby, pairwise

from markupsafe import Markup

from router.report.html.charts import round_steps
from router.report.html.elements import element, name
from router.report.page import usd

MOST_LINES = 8
"""As many as can be told apart."""
DASHES = (None, "8 4", "2 3", "11 3 2 3", "5 2", "14 4", "2 6", "8 3 2 3 2 3")
"""Lines differ by more than their colour."""
_LEFT, _RIGHT = 0.15, 0.97
"""Of the width: where the first and the last value stand; amounts are written before them."""
_TOP, _PLOT, _AXIS = 24, 250, 26
_FINE = 10_000
_MOST_DOTS = 60
_MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Line:
    """Amounts in the order of the values."""

    label: str
    amounts: Sequence[Decimal | None]
    """None where there is nothing."""
    ringed: frozenset[int] = frozenset()
    """Places at which the dot is a ring."""
    broken: frozenset[int] = frozenset()
    """Places that the line does not join to the value on their left."""
    is_stairs: bool = False
    """Between two values the line runs level, at the higher of their amounts."""
    all_dots: bool = False
    """Every value has a dot, however many there are."""
    links: Sequence[tuple[str, str]] = ()
    """For each dot the anchor on the same page that it leads to, and what it says."""


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from left to right: at their distances if all are numbers, else evenly."""

    values: tuple[str, ...]
    numbers: tuple[Decimal, ...] | None
    written: Callable[[Decimal], str] = _plain
    """How a number is written that need not be one of the values."""

    @classmethod
    def of(cls, values: Sequence[str]) -> Scale:
        """The scale of these values."""
        numbers = [number(value) for value in values]
        found = tuple(own for own in numbers if own is not None)
        return cls(tuple(values), found if len(found) == len(values) and len(set(found)) > 1 else None)

    @property
    def is_dotted(self) -> bool:
        """Whether every value has a dot."""
        return self.numbers is None or len(self.values) <= _MOST_DOTS

    def at(self, place: int) -> float:
        """Where a value stands, as a share of the width."""
        if self.numbers is None:
            return _LEFT + (_RIGHT - _LEFT) * (place + 0.5) / len(self.values)
        return self.between(self.numbers[place])

    def between(self, value: Decimal) -> float:
        """Where a number stands that need not be one of the values."""
        low, high = min(self.numbers or ()), max(self.numbers or ())
        return _LEFT + (_RIGHT - _LEFT) * float((value - low) / (high - low))

    def ticks(self) -> list[tuple[float, str]]:
        """What is written below: every value where there is room, else round numbers or some of the words."""
        if self.numbers is None:
            step = -(-len(self.values) // _MOST_TICKS)
            return [(self.at(k), _short(value)) for k, value in enumerate(self.values) if k % step == 0]
        places = sorted(self.between(own) for own in self.numbers)
        if all(after - before > 0.1 for before, after in pairwise(places)):
            return sorted((self.between(own), value) for own, value in zip(self.numbers, self.values, strict=True))
        steps = round_steps(min(self.numbers), max(self.numbers), _MOST_TICKS)
        return [(self.between(step), self.written(step)) for step in steps]


def number(value: str) -> Decimal | None:
    """A value as a number, if it is one."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def line_chart(
    lines: Sequence[Line], scale: Scale, marks: Sequence[tuple[Decimal, str]], title: str, about: str, *, key: str | None = None
) -> Markup:  # fmt: skip
    """Amounts over values.

    Parameters
    ----------
    marks
        Numbers on the scale that are pointed out, with the letters above them.
    about
        The chart in words.
    key
        Makes the ids of title and description unique on a page; without one the chart has a label instead.
    """
    high = _High.of([own for line in lines for own in line.amounts if own is not None])
    named = {"aria_labelledby": f"{key}-name", "aria_describedby": f"{key}-about"} if key else {"aria_label": about}
    pieces = [_pieces(line, scale) for line in lines]
    drawn = [_path(k, own, scale, high, pieces[k]) for k, own in enumerate(lines) if pieces[k]] if scale.numbers else []
    plot = element(
        "svg", *drawn, x=0, y=_TOP, width="100%", height=_PLOT, viewBox=f"0 0 {_FINE} {_FINE}", preserveAspectRatio="none"
    )  # fmt: skip
    behind = (
        *_gaps(lines, scale, [scale.between(value) for value, _ in marks]), *_grid(high), *_marked(marks, scale), plot, *_below(scale)
    )  # fmt: skip
    # What can be gone to is no part of a picture; the picture is what is not read out then.
    is_picture = not any(line.links for line in lines)
    return element(
        "svg",
        element("title", title, id=f"{key}-name") if key else None,
        element("desc", about, id=f"{key}-about") if key else None,
        *(behind if is_picture else [element("g", *behind, aria_hidden="true")]),
        *(dot for k, line in enumerate(lines) for dot in _dots(k, line, scale, high, pieces[k])),
        class_="line-chart", role="img" if is_picture else "group", width="100%", height=_TOP + _PLOT + _AXIS, fill="currentColor",
        font_size=13, **named,
    )  # fmt: skip


def legend(lines: Sequence[Line], scale: Scale) -> Markup:
    """What each line is; below the chart."""
    return element("ul", *(_entry(k, line, scale) for k, line in enumerate(lines)), class_="legend")


def _entry(k: int, line: Line, scale: Scale) -> Markup:
    drawn = element("line", x1=0, x2=34, y1=6, y2=6, stroke="currentColor", stroke_width=2, stroke_dasharray=DASHES[k])
    dot = _dot(k, "17", "6", ringed=len(line.ringed) == len(line.amounts)) if scale.is_dotted else None
    swatch = element(
        "svg", drawn if scale.numbers else None, dot, class_=f"swatch line-chart line-{k}", width=34, height=12, aria_hidden="true"
    )  # fmt: skip
    return element("li", swatch, name(line.label))


@dataclass(frozen=True, slots=True)
class _High:
    """Amounts from the bottom to the top."""

    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, amounts: Sequence[Decimal]) -> _High:
        """With room above and below; from nothing on where that is near."""
        low, high = min(amounts, default=Decimal(0)), max(amounts, default=Decimal(1))
        room = (high - low) / 12 or abs(high) / 10 or Decimal(1)
        return cls(Decimal(0) if 0 <= low < (high - low) / 2 else low - room, high + room)

    def share(self, amount: Decimal) -> float:
        """From 0 at the bottom to 1 at the top."""
        return float((amount - self.low) / (self.high - self.low))

    def y(self, amount: Decimal) -> str:
        """In pixels from the top of the chart."""
        return f"{_TOP + _PLOT * (1 - self.share(amount)):.6g}"


def _pieces(line: Line, scale: Scale) -> list[list[int]]:
    """The places that are joined, from left to right: begun anew behind every gap and where the line is broken."""
    pieces: list[list[int]] = []
    joined = False
    for place in sorted(range(len(line.amounts)), key=scale.at):
        if line.amounts[place] is None:
            joined = False
            continue
        if not joined or place in line.broken:
            pieces.append([])
        pieces[-1].append(place)
        joined = True
    return pieces


def _path(k: int, line: Line, scale: Scale, high: _High, pieces: Sequence[Sequence[int]]) -> Markup:
    return element(
        "path", d="".join(part for piece in pieces for part in _pen(piece, line, scale, high)), fill="none", stroke="currentColor",
        stroke_width=2, stroke_dasharray=DASHES[k], vector_effect="non-scaling-stroke", class_=f"line-{k}",
    )  # fmt: skip


def _pen(piece: Sequence[int], line: Line, scale: Scale, high: _High) -> Iterator[str]:
    """What draws a piece."""
    x, y = 0.0, 0.0
    for n, place in enumerate(piece):
        before = x, y
        x, y = _FINE * scale.at(place), _FINE * (1 - high.share(line.amounts[place] or Decimal(0)))
        if n and line.is_stairs:
            # Up is less.
            corner = (before[0], y) if y < before[1] else (x, before[1])
            yield f"L{corner[0]:.6g} {corner[1]:.6g}"
        yield f"{'L' if n else 'M'}{x:.6g} {y:.6g}"


def _dots(k: int, line: Line, scale: Scale, high: _High, pieces: Sequence[Sequence[int]]) -> Iterator[Markup]:
    """Where there are few values, one stands alone, or all are to have one."""
    alone = {piece[0] for piece in pieces if len(piece) == 1}
    for place, amount in enumerate(line.amounts):
        if amount is not None and (scale.is_dotted or line.all_dots or place in alone):
            x, y, ringed = _percent(scale.at(place)), high.y(amount), place in line.ringed
            if line.links:
                anchor, said = line.links[place]
                touched = element("circle", cx=x, cy=y, r=12, fill_opacity=0, class_="touch")
                yield element("a", element("title", said), touched, _dot(k, x, y, ringed=ringed), href=f"#{anchor}")
            else:
                said = f"{line.label}, {scale.values[place]}: {usd(amount)}"
                yield _dot(k, x, y, element("title", said), ringed=ringed)


def _dot(k: int, x: str, y: str, said: Markup | None = None, *, ringed: bool) -> Markup:
    drawn = {"fill": "none", "stroke": "currentColor"} if ringed else {}
    return element(
        "circle",
        said,
        cx=x,
        cy=y,
        r=4.5 if ringed else 3.2,
        class_=f"line-{k} ring" if ringed else f"line-{k}",
        **drawn,
    )


def _gaps(lines: Sequence[Line], scale: Scale, marks: Sequence[float]) -> Iterator[Markup]:
    """Values at which no line has anything: up to a mark where there is one, else half of the way to the next value."""
    order = sorted(range(len(scale.values)), key=scale.at)
    places = [scale.at(place) for place in order]
    runs = groupby(range(len(order)), key=lambda k: all(line.amounts[order[k]] is None for line in lines))
    for first, last in ((run[0], run[-1]) for empty, own in runs if empty for run in [list(own)]):
        left = _border(places[first - 1], places[first], marks) if first else _LEFT
        right = _border(places[last], places[last + 1], marks) if last + 1 < len(order) else 1.0
        yield element(
            "rect", x=_percent(left), width=_percent(right - left), y=_TOP, height=_PLOT, class_="no-plan", fill_opacity=0.08
        )  # fmt: skip
        if right - left > 0.14:
            at = _percent((left + right) / 2)
            yield element("text", "no plan", x=at, y=_TOP + _PLOT // 2, text_anchor="middle", class_="no-plan-label")


def _border(before: float, after: float, marks: Sequence[float]) -> float:
    return next((mark for mark in marks if before < mark <= after), (before + after) / 2)


def _grid(high: _High) -> Iterator[Markup]:
    steps = round_steps(high.low, high.high, 6)
    whole = all(step == step.to_integral_value() for step in steps)
    for step in steps:
        y = high.y(step)
        yield element("line", x1=0, x2="100%", y1=y, y2=y, stroke="currentColor", stroke_opacity=0.25, class_="grid")
        yield element("text", usd(step).removesuffix(".00") if whole else usd(step), x=0, y=f"{float(y) - 5:.6g}")


def _marked(marks: Sequence[tuple[Decimal, str]], scale: Scale) -> Iterator[Markup]:
    """A line for each; letters where there is room for them."""
    free = -1.0
    for value, label in marks:
        at = scale.between(value)
        yield element(
            "line", x1=_percent(at), x2=_percent(at), y1=_TOP - 4, y2=_TOP + _PLOT, stroke="currentColor", stroke_dasharray="3 3",
            class_="change",
        )  # fmt: skip
        if at - free > 0.06:
            yield element("text", label, x=_percent(at), y=_TOP - 9, text_anchor="middle", class_="change-label")
            free = at


def _below(scale: Scale) -> Iterator[Markup]:
    bottom = _TOP + _PLOT
    yield element("line", x1=0, x2="100%", y1=bottom, y2=bottom, stroke="currentColor", class_="grid")
    for k, (at, label) in enumerate(scale.ticks()):
        yield element(
            "line", x1=_percent(at), x2=_percent(at), y1=bottom, y2=bottom + 5, stroke="currentColor", class_="grid"
        )
        # On a narrow page every other label is left out.
        anchor = "end" if at > 0.95 else "middle"
        yield element(
            "text", label, x=_percent(at), y=bottom + 20, text_anchor=anchor, class_="cost-minor" if k % 2 else None
        )


def _short(value: str) -> str:
    return value if len(value) <= 16 else value[:15] + "…"


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"
