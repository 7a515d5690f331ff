// Clips and recordings of what viewers saw: two keys, which are there while the daemon holds it.

import { $, setAttribute, setText } from "./dom.js";
import { clock } from "./words.js";

/** Let the keys save a clip and switch the recording, and show how that is. */
export function showKeep(store, run, toasts) {
  $("clip-button").addEventListener("click", async () => {
    const reply = await run("clip", {});
    if (reply) toasts.tell(`Saved: ${reply.note}`);
  });
  $("record-button").addEventListener("click", async () => {
    const reply = await run("record", { on: !store.model.state?.recording });
    if (reply && !reply.on) toasts.tell(`Recorded: ${reply.note}`);
  });
  store.watch(({ state }) => {
    // An older daemon knows nothing of it.
    $("keep-keys").hidden = !state?.clips && !state?.keep_error;
    if (state === null) return;
    setAttribute($("record-button"), "aria-pressed", String(Boolean(state.recording)));
    setText($("record-note"), noteOf(state));
    setAttribute($("record-note"), "title", state.keep_error ?? null);
  });
}

/** What is under the key's name: the recording's time, or why there is none. */
export function noteOf({ recording, keep_error: error }) {
  if (recording) return `● ${clock(recording.seconds)}`;
  return error || "what viewers see";
}
