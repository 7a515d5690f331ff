// The microphone that is as late as the picture: its key, both delays side by side, and how loud one speaks.

import { $, element, setAttribute, setText } from "./dom.js";
import { can } from "./store.js";

const QUIETEST_DBFS = -60;

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** Let the key switch the voice, and show how it is; `ask` asks the daemon without a word. */
export function showVoice(store, run, { ask, toasts }) {
  const list = $("microphone");
  const isOn = () => Boolean(store.model.state?.voice?.on);
  const carry = async (on) => {
    const wanted = on && list.value ? { on, microphone: list.value } : { on };
    const reply = await run("set_voice", wanted);
    if (reply?.advice.length) toasts.tell(reply.advice.join(" "));
  };
  $("voice-button").addEventListener("click", () => carry(!isOn()));
  list.addEventListener("change", () => isOn() && carry(true));
  letChoose(store, list, ask);
  store.watch(({ state }) => {
    // An older daemon knows nothing of it.
    $("voice-keys").hidden = state?.voice === undefined;
    if (state?.voice !== undefined) show(state);
  });
}

/** Keep the list of microphones: as it is when the link opens, and when somebody turns to it. */
function letChoose(store, list, ask) {
  let greeted = null;
  let carried;
  const fill = async () => {
    if (!can(store.model, "list_microphones")) return;
    // Without a sound server there is nothing to choose; the key says why.
    const { microphones, chosen } = await ask("list_microphones").catch(() => ({ microphones: [], chosen: "" }));
    $("microphone-form").hidden = microphones.length === 0;
    const picked = list.value || chosen;
    const entries = optionsOf(microphones, picked);
    if (JSON.stringify(entries) === list.dataset.entries) return;
    list.dataset.entries = JSON.stringify(entries);
    list.replaceChildren(...entries.map(([value, text]) => element("option", { value }, text)));
    list.value = picked;
  };
  list.addEventListener("focus", fill);
  store.watch(({ hello, state }) => {
    if (hello !== greeted) {
      greeted = hello;
      void fill();
    }
    // Another client may have chosen one.
    const now = state?.voice?.microphone;
    if (now && now !== carried) {
      carried = now;
      void fill().then(() => (list.value = now));
    }
  });
}

/** What the list shows, as pairs of name and words; `picked` is in it even if it is unplugged. */
export function optionsOf(microphones, picked) {
  const known = microphones.map(({ name, description }) => [name, description]);
  if (!picked) return [["", "Choose a microphone"], ...known];
  return known.some(([name]) => name === picked) ? known : [...known, [picked, `${picked} (not there now)`]];
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
