// The fold of a MIDI controller: what is behind it is loaded when somebody opens it, and asks the browser
// for MIDI when somebody presses its button. Only what was switched on before goes on by itself.

import { $ } from "./dom.js";
import { recall } from "./memory.js";

/** Let the fold switch a MIDI controller on. */
export function showMidi(store, run) {
  const load = once(async () => {
    const { Controller } = await import("./pads.js");
    return new Controller(store, run);
  });
  $("midi").addEventListener("toggle", () => $("midi").open && load());
  if (recall("midi.on", false)) load().then((controller) => controller.goOn());
}

function once(make) {
  let made = null;
  return () => (made ??= make());
}
