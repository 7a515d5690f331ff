"""Browsers list the source by its name, and hear the late voice of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from sana_vcam.voice.line import LineState
from tests.rigs.pipewire import Session
from tests.rigs.pipewire.browsers import CHROMIUM, FIREFOX, Reports, browse, missing
from tests.rigs.pipewire.sounds import clicks
from tests.system.voice.rig import Carried, play

LABEL = "SANA VCam Microphone"
REPORT = """
const report = async () => {
  const media = navigator.mediaDevices;
  // Names are told only once some microphone was open.
  const any = await media.getUserMedia({audio: true});
  any.getTracks().forEach((track) => track.stop());
  const every = await media.enumerateDevices();
  const named = (kind) => every.filter((one) => one.kind === kind).map((one) => one.label);
  const ours = every.find((one) => one.kind === "audioinput" && one.label === "LABEL");
  const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  const audio = {deviceId: {exact: ours.deviceId}, ...raw};
  const stream = await media.getUserMedia({audio});
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  await context.resume();
  const samples = new Float32Array(analyser.fftSize);
  let peak = 0;
  while (peak < 0.1) {
    await new Promise((passed) => setTimeout(passed, 10));
    analyser.getFloatTimeDomainData(samples);
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  }
  return {microphones: named("audioinput"), loudspeakers: named("audiooutput"), peak,
    opened: stream.getAudioTracks()[0].label};
};
""".replace("LABEL", LABEL)


@pytest.fixture
def reports() -> Iterator[Reports]:
    with Reports(REPORT).serving() as reports:
        yield reports


@pytest.mark.parametrize(
    ("pipewire", "browser"),
    [("debian", CHROMIUM), ("newer", FIREFOX)],
    indirect=["pipewire"],
)
def test_a_browser_lists_and_hears_it(
    pipewire: Session, line: Carried, reports: Reports, browser: str, require_tools: bool
):
    command = missing(shutil.which, [browser])
    if command and not require_tools:
        pytest.skip(command)
    line.start(300)
    play(pipewire, clicks(300))
    browse(pipewire, reports, [browser])
    told = reports.found[browser]
    assert "error" not in told, told
    assert told["microphones"].count(LABEL) == 1
    assert told["opened"] == LABEL
    assert not [one for one in told["loudspeakers"] if "SANA" in one]
    assert line.is_in(LineState.HEARD).listeners
    pipewire.stop(browser)
    line.is_in(LineState.ASLEEP)
