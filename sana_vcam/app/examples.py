"""What `--help` shows of the whole program, and below its commands."""

from __future__ import annotations

DESCRIPTION = """\
A webcam that a generative model edits live.

The webcam goes to the SANA-Streaming model, or to another one of the platform; what comes back goes
into a virtual camera that Zoom, Meet, OBS and Discord can pick; a local WebSocket takes prompt
changes and hotkeys.
"""

FIRST_STEPS = """\
first steps:
  sana-vcam demo                        all of it on this machine, without key, camera or driver
  sana-vcam doctor                      what is missing here, and the command that mends it
  sana-vcam config init                 write a commented configuration to edit
  REACTOR_API_KEY=rk_... sana-vcam run  the real thing
  sana-vcam ctl open                    the dashboard of what runs, in a browser
  sana-vcam ctl prompt "as a clay figure"
  sana-vcam help                        pages: applications, cost, what to do when it fails, ...
"""

RUN = """\
configuration, strongest first: these flags, SANA_VCAM_* in the environment
(SANA_VCAM_SINK__KIND=raw), --config FILE or else ~/.config/sana-vcam/config.toml or else
/etc/sana-vcam/config.toml, defaults.

The API key comes from REACTOR_API_KEY, from the file that [reactor] api_key_file names, or from
systemd's credentials; never from a flag.

examples:
  sana-vcam run --preset noir
  sana-vcam run --set camera.mirror=true --set sink.fit=pad
  sana-vcam run --sink raw --set sink.path=- | ffplay -f rawvideo -pixel_format yuv420p \\
      -video_size 1280x720 -framerate 24 -

exit status: 0 stopped, 78 wrong configuration, 1 anything else.
"""

DEMO = """\
Starts a stand-in for the model in a process of its own (classical image processing, no key, no
internet), and the daemon against it. Uses your webcam if there is one, else a moving test scene;
writes to the virtual camera if there is one, else keeps the picture for snapshots. Helios needs no
webcam; Vidu S2-Editing is shown a picture, which is painted here.

  sana-vcam demo --model x2

while it runs, in another terminal:
  sana-vcam ctl prompt "Van Gogh oil painting, swirling brushstrokes, vivid colors"
  sana-vcam ctl preset noir
  sana-vcam ctl blank on
  sana-vcam ctl snapshot what-viewers-see.jpg
"""

EDIT = """\
IN goes to the model picture by picture, and OUT gets what comes back at the times of IN, with its
sound. The ending of OUT says the container: .mp4, .m4v, .mov, .mkv, .webm or .ts.

Where the model takes files, IN is uploaded. Where it is live only, IN is sent as a camera would
send it, which takes its length in time; on a terminal you are asked first, unless you say --yes.

Configuration and key are those of `sana-vcam run`; [cost] caps hold here as well.

examples:
  sana-vcam edit in.mp4 out.mp4 --prompt "as a charcoal drawing"
  sana-vcam edit holiday.mov holiday.webm --preset van-gogh --seed 7
  sana-vcam edit in.mp4 out.mp4 --preset noir --demo       without key and internet
  sana-vcam edit in.mp4 out.mp4 --preset noir --json | jq  an event a line

exit status: 0 OUT is whole, 78 wrong configuration, 1 anything else.
"""

HELP = """\
examples:
  sana-vcam help                the pages
  sana-vcam help zoom           one of them
  sana-vcam help config init    the help of a command
"""

COMPLETION = """\
once, in your shell's own start-up:
  bash  sana-vcam completion bash > ~/.local/share/bash-completion/completions/sana-vcam
  zsh   sana-vcam completion zsh > ~/.zfunc/_sana-vcam     (~/.zfunc in $fpath, before compinit)
  fish  sana-vcam completion fish > ~/.config/fish/completions/sana-vcam.fish

or in this shell alone:
  source <(sana-vcam completion bash)
"""

LICENCES = """\
Read from what is installed here, extras among it, and from the notices of the plugins for decks.

exit status: 0 no licence conflicts, 1 one does, or is not understood.
"""
