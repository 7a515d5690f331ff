"""What a folder of tests imports into its conftest.py to be given sessions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rigs.pipewire.session import Session
from tests.rigs.pipewire.versions import VERSIONS, PipeWireMissing


@pytest.fixture(params=VERSIONS)
def pipewire(request: pytest.FixtureRequest, require_tools: bool) -> Iterator[Session]:
    """A session of each version, one after the other; skipped where a version cannot be had."""
    version = VERSIONS[request.param]
    try:
        version.prefix()
    except PipeWireMissing as error:
        if require_tools:
            raise
        pytest.skip(str(error))
    with Session(version) as session:
        yield session
