"""The fault matrix: one row per fault, against the real daemon and the real runtime over WebRTC.

    python -m tests.rigs.faults [--table FILE.md|FILE.json] [pytest's arguments]

Each row is played by a process of its own (`play`), in network and mount namespaces of its own:
it starts a model (`badmodel`), maybe a coordinator and a lossy link (`link`), and the daemon. Its
raw sink, or a program that reads its PipeWire node (`desktop`), is watched frame by frame
(`watch`). The camera is a clip with a marker in colours that the edit takes away: a frame with the
marker's colours is a raw frame.
"""

TEMPER = "FAULTS_TEMPER"
"""The variable that names the file with the model's temper."""
ORPHAN_TIMEOUT = "FAULTS_ORPHAN_TIMEOUT_S"
"""The variable with the seconds after which the runtime gives up a session without a client."""
