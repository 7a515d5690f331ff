// The microphone that is as late as the picture: its key, both delays side by side, and how loud one speaks.

import { $, setAttribute, setText } from "./dom.js";

const QUIETEST_DBFS = -60;

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** Let the key switch the voice, and show how it is. */
export function showVoice(store, run, toasts) {
  $("voice-button").addEventListener("click", async () => {
    const reply = await run("set_voice", { on: !store.model.state?.voice?.on });
    if (reply?.advice.length) toasts.tell(reply.advice.join(" "));
  });
  store.watch(({ state }) => {
    // An older daemon knows nothing of it.
    $("voice-keys").hidden = state?.voice === undefined;
    if (state?.voice !== undefined) show(state);
  });
}

function show(state) {
  const { voice } = state;
  setAttribute($("voice-button"), "aria-pressed", String(Boolean(voice?.on)));
  setText($("voice-note"), noteOf(state));
  const level = $("voice-level");
  level.hidden = !voice?.on || voice.level_dbfs === null;
  level.value = Math.max(QUIETEST_DBFS, voice?.level_dbfs ?? QUIETEST_DBFS);
}

/** What is under the key's name, in a few words. */
export function noteOf({ voice, glass_ms: glass }) {
  if (!voice?.on) return "your voice is not delayed";
  const late = `${seconds(voice.delay_ms)} late`;
  const picture = glass == null ? "the picture's delay is not known" : `the picture ${seconds(glass)}`;
  switch (voice.state) {
    case "heard":
      return `heard ${late}, ${picture}`;
    case "asleep":
      return `no application listens; ${late}, ${picture}`;
    case "silent":
      return `nobody hears you; ${late}, ${picture}`;
    case "failed":
      return `silence: ${voice.error}`;
    default:
      return "about to be heard";
  }
}
