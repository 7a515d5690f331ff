// Transition and playlists, folded below the prompt: how one look becomes the next, and what plays.

import { $, element, setText } from "./dom.js";
import { can, sinceTold } from "./store.js";
import { clock } from "./words.js";

/** Let the fold set the transition and play playlists. */
export function showPlaylists(store, run) {
  const kind = $("transition");
  const seconds = $("transition-s");
  const set = () => run("set_transition", { kind: kind.value, seconds: Number(seconds.value) });
  kind.addEventListener("change", set);
  seconds.addEventListener("change", set);
  seconds.addEventListener("input", () => setText($("transition-shown"), secondsWords(Number(seconds.value))));
  const list = async () => showList(await run("list_playlists", {}, { quiet: true }), run);
  $("playlists").addEventListener("toggle", () => $("playlists").open && list());
  $("play-next").addEventListener("click", () => run("play", { name: "next" }));
  $("play-stop").addEventListener("click", () => run("play", { name: "stop" }));
  store.watch((model) => {
    $("playlists").hidden = !can(model, "play"); // an older daemon
    if (model.state?.transition === undefined) return;
    const { transition, transition_s: length, playlist } = model.state;
    if (document.activeElement !== kind) kind.value = transition;
    if (document.activeElement !== seconds) {
      seconds.value = String(length);
      setText($("transition-shown"), secondsWords(length));
    }
    seconds.disabled = transition === "cut";
    $("playing").hidden = playlist === null;
    if (playlist !== null) setText($("playing-words"), playingWords(playlist, sinceTold(model)));
    setText($("playlists-summary"), playlist === null ? "Transition, playlists" : `Plays ${playlist.name}`);
  });
}

const secondsWords = (length) => `${length.toFixed(1)} s`;

/** What plays, and for how long yet: "warm-up, 2 of 3: clay, 0:42 left". */
export function playingWords({ name, entry, entries, look, seconds_left: left, note }, since = 0) {
  const until = left === null ? "until you go on" : `${clock(left - since)} left`;
  return [`${name}, ${entry} of ${entries}: ${look}, ${until}.`, note && `${note}.`].filter(Boolean).join(" ");
}

function showList(reply, run) {
  if (reply === undefined) return;
  const { playlists, problems, file } = reply;
  const keys = playlists.map(({ name, entries }) =>
    element(
      "button",
      { class: "button", type: "button", "data-live": true, title: entries.map(({ look }) => look).join(" → "), click: () => run("play", { name }) },
      `Play ${name}`,
    ),
  );
  $("playlist-keys").replaceChildren(...keys);
  const where = file === null ? "" : playlists.length ? `Written in ${file}.` : `None yet: they are written in ${file}.`;
  setText($("playlists-hint"), [where, ...problems.map((one) => `${one}.`)].filter(Boolean).join(" "));
}
