"""Who watches a sink, of whatever kinds its virtual cameras are."""

from __future__ import annotations

from collections.abc import Callable

from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.sinks.viewers import Viewers


def watch_sink(sink: Sink, on_change: Callable[[], None]) -> Viewers:
    """Make what counts and names the sink's viewers; see `Viewers` for `on_change`."""
    viewers = Viewers(lambda: sink.devices, on_change, readers=lambda: sink.readers)
    sink.follow_readers(viewers.wake)
    return viewers
