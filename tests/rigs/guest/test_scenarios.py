"""Every scenario in every guest; a failure names both, with what was seen there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rigs.guest.rig import Cache
from tests.rigs.guest.settings import SETTINGS, Report, Setting

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="session")
def report_of(
    rig: Cache, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[Setting], Report]:
    """What a setting's one boot gave; it runs only the scenarios that this session selected."""
    selected: dict[str, list[str]] = {}
    for item in request.session.items:
        if (call := getattr(item, "callspec", None)) and "setting" in call.params:
            selected.setdefault(call.params["setting"].name, []).append(call.params["name"])
    reports: dict[str, Report] = {}

    def report(setting: Setting) -> Report:
        if setting.name not in reports:
            folder = tmp_path_factory.mktemp(setting.name)
            reports[setting.name] = setting.run(folder, selected[setting.name])
        return reports[setting.name]

    return report


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        pytest.param(setting, name, id=f"{setting.name}-{name}")
        for setting in SETTINGS
        for name in setting.names
    ],
)
def test_scenario(
    setting: Setting,
    name: str,
    report_of: Callable[[Setting], Report],
    request: pytest.FixtureRequest,
) -> None:
    report = report_of(setting)
    result = report.results.get(name)
    if result is None:
        pytest.fail(f"{name} in {setting.name} gave no result: {report.died}", pytrace=False)
    request.node.user_properties.append(("seen", result.seen))
    if result.error:
        pytest.fail(f"{name} in {setting.name}\nseen: {result.seen}\n{result.error}", pytrace=False)
