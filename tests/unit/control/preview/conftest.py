"""The pictures and the preview server of these tests."""

from tests.fakes.preview import (  # noqa: F401 - fixtures
    _without_a_network,
    black,
    card,
    preview_server,
    red,
    scene,
    sink,
    source,
)
