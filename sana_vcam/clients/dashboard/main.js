// The page's composition root: the connection, what is known, and everything that shows it.

import { showCompare } from "./compare.js";
import { CommandError, Connection } from "./connection.js";
import { announce } from "./dom.js";
import { showEditor } from "./editor.js";
import { showFigures } from "./figures.js";
import { showHelp } from "./help.js";
import { addLogLine } from "./loglines.js";
import { showMidi } from "./midi.js";
import { showModel } from "./model.js";
import { Notices } from "./notices.js";
import { showPhotos } from "./photos.js";
import { showPlaylists } from "./playlists.js";
import { showPresets } from "./presets.js";
import { showPreview } from "./preview.js";
import { showPrompt } from "./prompt.js";
import { showRehearsal } from "./rehearsal.js";
import { showSharing } from "./sharing.js";
import { showShortcuts } from "./shortcuts.js";
import { showStatus } from "./status.js";
import { isReachable, Store } from "./store.js";
import { showSwitches } from "./switches.js";
import { showTheme } from "./theme.js";
import { Toasts } from "./toasts.js";
import { showKeep } from "./keep.js";
import { showVoice } from "./voice.js";

const store = new Store();
const token = new URLSearchParams(location.search).get("token") ?? "";
const connection = new Connection(token, { onLink: followLink, onEvent: takeEvent });
const toasts = new Toasts(() => isReachable(store.model));
const notices = new Notices(store, { tryNow: () => run("connect") });

/** Send a command; a refusal is shown, unless `quiet`, and gives `undefined`. */
async function run(type, data = {}, { quiet = false } = {}) {
  try {
    const reply = await connection.ask(type, data);
    if (!quiet) notices.clear();
    return reply;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (!quiet) notices.fail(error);
    return undefined;
  }
}

function followLink(link, since) {
  if (link !== store.model.link) store.change({ link, linkSince: since });
}

function takeEvent(type, data) {
  const { hello, state } = store.model;
  if (type === "hello") {
    if (hello !== null && hello.version !== data.version) notices.updated();
    store.change({ hello: data });
  } else if (type === "state") {
    store.change({ state: data, stateAt: performance.now() });
  } else if (type === "stats" && state !== null) {
    // A newer look at some of the state's numbers; the clocks go on from the state's own time.
    const { session_s: _, next_try_in_s: __, ...moving } = data;
    store.change({ state: { ...state, ...moving } });
  } else if (type === "presets") {
    store.change({ presets: data.presets });
  } else if (type === "settings") {
    store.change({ settings: data });
  } else if (type === "log") {
    addLogLine(data);
  }
}

/** While nothing can be asked of the daemon, the keys say so instead of failing one by one. */
function holdKeysOffline() {
  const offline = () => !isReachable(store.model);
  document.addEventListener(
    "click",
    (event) => {
      if (!offline() || !event.target.closest("[data-live]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      announce("Offline: this does nothing until sana-vcam answers again");
    },
    { capture: true },
  );
  store.watch(() => {
    for (const key of document.querySelectorAll("[data-live]")) {
      if (offline()) key.setAttribute("aria-disabled", "true");
      else key.removeAttribute("aria-disabled");
    }
  });
}

const nextTheme = showTheme();
showStatus(store);
showFigures(store);
const switches = showSwitches(store, run, { toasts, leave: (type) => connection.leave(type) });
const editor = showEditor(store, (type, data) => connection.ask(type, data), {
  run,
  saved: (preset, before) => presets.saved(preset, before),
});
const rehearsal = showRehearsal(store, run);
const sharing = showSharing(store, token, run, { ask: (type, data) => connection.ask(type, data), toasts });
const presets = showPresets(store, token, run, { editor, toasts, rehearse: rehearsal.rehearse, ...sharing });
showPhotos(store, run, { toasts, leave: (type, data) => connection.leave(type, data) });
const prompt = showPrompt(store, run, { keep: (text) => editor.make(text), toasts });
showModel(store, (type, data) => connection.ask(type, data));
showPreview(store, connection);
showVoice(store, run, { ask: (type, data) => connection.ask(type, data), toasts });
const compare = showCompare(store, (type, data) => run(type, data, { quiet: true }));
showPlaylists(store, run);
showKeep(store, run, toasts);
showMidi(store, run);
showShortcuts({
  ...switches,
  step: presets.step,
  preset: presets.apply,
  type: prompt.focus,
  find: presets.find,
  undo: () => toasts.undo(),
  ...rehearsal,
  compare,
  theme: nextTheme,
});
showHelp(store, token);
holdKeysOffline();
// Clocks go on between two states.
setInterval(() => store.change(), 1000);
connection.open();
