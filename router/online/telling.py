"""What a router tells of itself: log lines, calls of a listener, spans. Nothing that a user wrote is in them: no name, prompt or group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from router import log
from router.errors import RouterError
from router.online.decision import Decision
from router.units import from_micro

Listener = Callable[[str, Mapping[str, Any]], None]
Refused = TypeVar("Refused", bound=RouterError)


class Teller:
    """Tells events to the log and to a listener, and decisions to OpenTelemetry where `opentelemetry-api` is installed."""

    def __init__(self, listen: Listener | None) -> None:
        self._listen = listen
        self._tracer = _tracer_if_installed()

    def __call__(self, event: str, **facts: Any) -> None:
        """Something happened."""
        log.info(event, **facts)
        if self._listen is not None:
            try:
                self._listen(event, facts)
            except Exception as error:  # A counter that breaks must not stop a pipeline half way through a payment
                log.info("listener_failed", error=type(error).__name__)

    def decided(self, decision: Decision) -> None:
        """A decision was made."""
        if self._listen is not None or log.on():
            self("route_decided", **_facts(decision))

    def refused(self, error: Refused) -> Refused:
        """The error, told."""
        self("route_refused", reason=type(error).__name__)
        return error

    def span(self) -> Any:
        """A new span of a decision; None where nobody records it."""
        if self._tracer is None:
            return None
        span = self._tracer.start_span("router.route")
        return span if span.is_recording() else None

    @contextmanager
    def within(self, span: Any) -> Iterator[Callable[[Decision], None]]:
        """Ends a span of a decision; it is given what was decided."""
        from opentelemetry import trace  # There is a span, so it is installed

        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield lambda decision: span.set_attributes(
                    {f"router.{name}": fact for name, fact in _facts(decision).items()}
                )
            except RouterError as error:
                # Its text may name what a user wrote.
                span.set_attribute("router.refused", type(error).__name__)
                raise


def _facts(decision: Decision) -> dict[str, Any]:
    """What an event or a span says of a decision: nothing that a user wrote."""
    candidate = decision.candidate
    return {
        "provider": candidate.offer.provider,
        "model": candidate.offer.model,
        "price_usd": str(from_micro(candidate.price)),
        "step": decision.step,
        "take": decision.take,
        "probe": decision.probe,
    }


def _tracer_if_installed() -> Any:
    """OpenTelemetry's tracer; None where `opentelemetry-api` is not installed: other packages live below that name too."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("router")
