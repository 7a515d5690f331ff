"""Every row of the matrix; a failure says what was seen and what the daemon logged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rigs.faults.conftest import RESULT
from tests.rigs.faults.row import Result, Row
from tests.rigs.faults.rows import ROWS

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_row(row: Row, played: Callable[[Row], Result], request: pytest.FixtureRequest) -> None:
    result = played(row)
    request.node.user_properties.append((RESULT, result))
    if not result.survived:
        why = [*result.faults, *result.slow, "", *result.log]
        pytest.fail("\n".join(why), pytrace=False)
