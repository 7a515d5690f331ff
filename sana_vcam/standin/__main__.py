"""`python -m sana_vcam.standin`, and `sana-vcam standin`: serve the stand-in model."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import Any, get_args

from sana_vcam.standin.hosted import HOSTED, HostedName
from sana_vcam.standin.settings import EditMode, Fault, Settings, Wire

DESCRIPTION = """\
Serve a stand-in for one of Reactor's models on this machine: the same commands, messages and
tracks, over real WebRTC, without a key, a GPU or the internet. The edit is classical image
processing, chosen by the words of the prompt: a demonstration, not a generative model.
"""

EPILOG = """\
When a session can begin, one line of JSON is printed on standard output:
  {"event": "standin_ready", "url": "http://127.0.0.1:8080"}
Logs go to standard error. SIGTERM and Ctrl-C end it with status 0.

To see what a client makes of a session that the platform ends, for a reason or by moderation:
  curl -X POST -H 'Content-Type: application/json' -d '{"reason": "credits exhausted"}' \\
      http://127.0.0.1:8080/stop_session
  ... -d '{"moderate": true}' ...
"""

MISSING_RUNTIME = (
    "the stand-in model needs reactor-runtime, which is not installed: "
    "pip install 'reactor-runtime>=3.10,<4'"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the stand-in; `settings_from` reads what they parsed to."""
    default = Settings()
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--host", default=default.host, help="address to listen on (default: %(default)s)")
    add(
        "--port",
        type=_number(int, 0, 65535),
        default=default.port,
        help="port to listen on; 0 takes a free one, see the ready line (default: %(default)s)",
    )
    add(
        "--model",
        choices=get_args(HostedName),
        default=default.model,
        help="model to stand in for (default: %(default)s)",
    )
    add(
        "--width",
        type=_number(int, 16, 4096),
        help="width of main_video in pixels; 640x352 suits two shared cores (default: the "
        "model's, which for x2 is that of the source)",
    )
    add(
        "--height",
        type=_number(int, 16, 4096),
        help="height of main_video in pixels (default: as for --width)",
    )
    add(
        "--fps",
        type=_number(float, 1, 120),
        default=default.fps,
        help="frames per second of main_video (default: %(default)s)",
    )
    add(
        "--chunk-time",
        dest="chunk_time_s",
        metavar="SECONDS",
        type=_number(float, 0, 60),
        default=default.chunk_time_s,
        help="time that the edit of 24 frames takes at least; 1.0 to 1.4 is as bursty as the "
        "cloud (default: %(default)s)",
    )
    add(
        "--chunk-frames",
        metavar="N",
        type=_number(int, 1, 120),
        help="frames per chunk; 1 emits each frame at once, for measurements of delay "
        "(default: the model's)",
    )
    add(
        "--first-chunk",
        metavar="N",
        type=_number(int, 1, 120),
        help="frames in the first chunk of a run, never more than --chunk-frames "
        "(default: the model's)",
    )
    add(
        "--session-limit",
        dest="session_limit_s",
        metavar="SECONDS",
        type=_number(float, 0, 86400),
        default=default.session_limit_s,
        help="end each session after this time, as the platform does; 0 is never "
        "(default: %(default)s)",
    )
    add(
        "--edit-limit",
        dest="edit_limit_s",
        metavar="SECONDS",
        type=_number(float, 1, 86400),
        default=default.edit_limit_s,
        help="longest edit of vidu, which ends by itself then (default: %(default)s)",
    )
    add(
        "--edit",
        choices=get_args(EditMode),
        default=default.edit,
        help="look: edit as the prompt says; copy: send the source back (default: %(default)s)",
    )
    add(
        "--wire",
        choices=get_args(Wire),
        default=default.wire,
        help="generation of the wire of sana-streaming: live, the second, which takes a camera "
        "only; npm, the first as its typed package has it; page, as its API page does "
        "(default: %(default)s)",
    )
    add(
        "--max-kbps",
        metavar="KBPS",
        type=_number(int, 100, 100_000),
        default=default.max_kbps,
        help="most that the encoder of main_video may send (default: %(default)s)",
    )
    add(
        "--fault",
        metavar="KIND=N",
        type=_fault,
        help="for tests: after N chunks of a run, stall (no more output) or crash (exit status 1)",
    )
    add(
        "--cloud",
        action=argparse.BooleanOptionalAction,
        default=default.cloud,
        help="serve as the platform does, to clients with any key: tokens, a session at a time or "
        "several, each in a process of its own, and no local runtime",
    )
    add(
        "--sessions",
        metavar="N",
        type=_number(int, 1, 100),
        default=default.sessions,
        help="with --cloud: sessions at once; one more is refused with 429 (default: %(default)s)",
    )
    add(
        "--gpu-wait",
        dest="gpu_wait_s",
        metavar="SECONDS",
        type=_number(float, 0, 3600),
        default=default.gpu_wait_s,
        help="with --cloud: time until a new session has its GPU (default: %(default)s)",
    )
    add(
        "--deaf",
        metavar="N",
        type=_number(int, 0, 1000),
        default=default.deaf,
        help="for tests: leave the first N commands of each session unanswered",
    )
    add(
        "--no-schema",
        action="store_true",
        help="for tests: leave requests for the schema unanswered",
    )
    add(
        "--exit-with-stdin",
        action="store_true",
        help="end when standard input ends, so that a killed parent leaves no orphan",
    )
    add("--verbose", "-v", action="store_true", help="log every change of state")


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Read the settings that parsed arguments stand for; other attributes are ignored."""
    names = Settings.__dataclass_fields__
    hosted = HOSTED[arguments.model]
    own: dict[str, Any] = {
        "width": hosted.size[0],
        "height": hosted.size[1],
        "chunk_frames": hosted.chunk_frames,
        "first_chunk": hosted.first_chunk,
    }
    given: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    return Settings(**given | {name: own[name] for name in own if given[name] is None})


def serve(settings: Settings, options: Sequence[str] = ()) -> int:
    """Serve until told to stop; return the exit status. Explains on stderr what prevents it.

    `options` are those that the settings were read from.
    """
    if importlib.util.find_spec("reactor_runtime") is None:
        print(f"sana-vcam standin: {MISSING_RUNTIME}", file=sys.stderr)
        return 1
    from sana_vcam.standin import server  # needs reactor-runtime

    try:
        if settings.cloud:
            return server.run_cloud(settings, options)
        return server.run(settings)
    except server.PortTaken as error:
        print(f"sana-vcam standin: {error}", file=sys.stderr)
        return 1


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and serve; return the exit status."""
    parser = argparse.ArgumentParser(prog="sana-vcam standin")
    add_arguments(parser)
    given = sys.argv[1:] if argv is None else argv
    return serve(settings_from(parser.parse_args(given)), given)


def _number[N: (int, float)](kind: type[N], least: float, most: float) -> Callable[[str], N]:
    def parse(text: str) -> N:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return parse


def _fault(text: str) -> Fault:
    match text.partition("="):
        case ("stall" | "crash" as kind, "=", count) if count.isdecimal():
            return Fault(kind, int(count))
    raise argparse.ArgumentTypeError(f"{text!r} is neither stall=N nor crash=N")


if __name__ == "__main__":
    sys.exit(main())
