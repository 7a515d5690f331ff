// Looks as a file: dropped on the page or chosen, looked at, and taken; and written for others.

import { $, element, setText } from "./dom.js";
import { sendInPieces } from "./pieces.js";
import { can } from "./store.js";
import { swatch } from "./swatch.js";
import { asSentence } from "./words.js";

const MOST_BYTES = 24e6;
const FILE_NAME = "sana-vcam-looks.jsonl";

/** Let looks be imported and exported; returns what exports some of them. */
export function showSharing(store, token, run, { ask, toasts }) {
  const intake = new Intake(store, run, { ask, toasts });
  const give = (ids) => save(token, ids, toasts);
  $("import-button").addEventListener("click", () => $("import-file").click());
  $("import-file").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    target.value = ""; // so that the same file can be chosen again
    if (file) intake.offer(file);
  });
  $("export-button").addEventListener("click", () => give([]));
  letDrop((files) => intake.drop(files));
  store.watch((model) => {
    $("share").hidden = !can(model, "inspect_presets"); // an older daemon
    $("export-button").disabled = model.presets.length === 0;
  });
  return { exportLooks: give };
}

/** A file that is dropped anywhere on the page is for us; the browser would leave the page for it. */
function letDrop(take) {
  const isFile = (event) => event.dataTransfer?.types.includes("Files") && event.target.type !== "file";
  const mark = (on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
  addEventListener("drop", (event) => {
    mark(false);
    if (!isFile(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

class Intake {
  #store;
  #run;
  #ask;
  #toasts;
  #file = null; // what is looked at
  #looks = [];

  constructor(store, run, { ask, toasts }) {
    this.#store = store;
    this.#run = run;
    this.#ask = ask;
    this.#toasts = toasts;
    $("sharing-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take();
    });
    $("sharing-cancel").addEventListener("click", () => $("sharing").close());
    $("sharing").addEventListener("close", () => this.#forget());
    $("sharing-form").addEventListener("change", () => this.#count());
    $("sharing-replace").addEventListener("change", () => this.#showLooks());
  }

  drop(files) {
    if ($("share").hidden) return this.#toasts.tell("This sana-vcam takes no file of looks");
    if (document.querySelector("dialog[open]")) return this.#toasts.tell("Close this first, then drop the file again");
    if (files.length !== 1) return this.#toasts.tell("Drop one file of looks at a time");
    return this.offer(files[0]);
  }

  /** Send the file and show what is in it. */
  async offer(file) {
    if (file.size > MOST_BYTES) return this.#toasts.tell(`“${file.name}” has more than ${MOST_BYTES / 1e6} MB, which no file of looks has`);
    this.#file = file;
    this.#looks = [];
    setText($("sharing-title"), `Looks in “${file.name}”`);
    $("sharing-list").replaceChildren();
    $("sharing-replace").checked = false;
    this.#complain("");
    this.#count();
    $("sharing").showModal();
    try {
      const ask = (type, data) => (this.#file === file ? this.#ask(type, data) : Promise.reject(new Error("cancelled")));
      const told = (share) => setText($("sharing-note"), `Reading: ${Math.round(100 * share)} %`);
      const { looks } = await sendInPieces(ask, "inspect_presets", file, {}, told);
      if (this.#file !== file) return undefined;
      this.#looks = looks;
      this.#showLooks(looks.map(({ have }) => have === null));
    } catch (error) {
      if (this.#file === file) this.#complain(error.message);
    }
    return undefined;
  }

  #showLooks(ticked = this.#boxes().map(({ checked }) => checked)) {
    const replace = $("sharing-replace").checked;
    $("sharing-replace-row").hidden = this.#looks.every(({ taken_by: taken }) => taken === null);
    const items = this.#looks.map((one, place) => item(one, place, { replace, ticked: ticked[place] }));
    $("sharing-list").replaceChildren(...items);
    this.#count();
  }

  #boxes() {
    return [...$("sharing-list").querySelectorAll("input")];
  }

  #chosen() {
    return this.#boxes().flatMap(({ checked }, place) => (checked ? [this.#looks[place].look.id] : []));
  }

  #count() {
    const count = this.#chosen().length;
    setText($("sharing-take"), count === 1 ? "Import 1 look" : `Import ${count} looks`);
    $("sharing-take").disabled = count === 0;
    if (this.#looks.length > 0) setText($("sharing-note"), `${count} of ${this.#looks.length} are chosen. Nothing is taken yet.`);
  }

  async #take() {
    const ids = this.#chosen();
    if (ids.length === 0) return;
    $("sharing-take").disabled = true;
    try {
      const taken = await this.#ask("import_presets", { ids, replace: $("sharing-replace").checked });
      this.#file = null; // it is forgotten there
      $("sharing").close();
      this.#tell(ids.length, taken);
    } catch (error) {
      this.#complain(error.message);
      this.#count();
    }
  }

  #tell(count, { added, replaced }) {
    const looks = count === 1 ? "1 look" : `${count} looks`;
    this.#toasts.done({ done: `Imported ${looks}`, back: "Your looks are as they were", undo: () => this.#undo(added, replaced) });
  }

  async #undo(added, replaced) {
    for (const preset of replaced) {
      if (!(await this.#run("save_preset", preset))) return false;
    }
    for (const id of added.toReversed()) {
      const isThere = this.#store.model.presets.some((one) => one.id === id);
      if (isThere && !(await this.#run("remove_preset", { id }))) return false;
    }
    return true;
  }

  #forget() {
    // The event comes late: the box may be open again by then, with another file.
    if (this.#file === null || $("sharing").open) return;
    this.#file = null;
    this.#looks = [];
    this.#ask("forget_presets").catch((error) => console.info(`forget_presets: ${error.message}`));
  }

  #complain(message) {
    setText($("sharing-error"), asSentence(message));
    $("sharing-error").hidden = !message;
    if (message) setText($("sharing-note"), "");
  }
}

/** One look of the file: a tick, its picture, its words, and what would become of it. */
function item({ look, picture, id, name, taken_by: taken, have }, place, { replace, ticked }) {
  const box = element("input", { type: "checkbox", id: `sharing-${place}`, "aria-describedby": `sharing-${place}-facts` });
  box.checked = ticked;
  const words = element(
    "div",
    { class: "shared-words", id: `sharing-${place}-facts` },
    element("p", { dir: "auto", class: "shared-prompt" }, look.prompt || "No prompt"),
    ...facts(look, picture).map((fact) => element("p", { class: "hint" }, fact)),
  );
  if (look.evolve.length) {
    const prompts = look.evolve.map((prompt) => element("li", { dir: "auto" }, prompt));
    words.append(element("details", {}, element("summary", {}, `Prompts to go on with: ${look.evolve.length}`), element("ul", {}, ...prompts)));
  }
  const fate = fateOf({ id, name, taken, have }, look, replace);
  if (fate) words.append(element("p", { class: "shared-fate", dir: "auto" }, fate));
  const label = element("label", { for: box.id, dir: "auto" }, look.name);
  return element("li", { class: "shared" }, box, pictureOf(look, picture), element("div", {}, label, words));
}

function facts({ id, seed, settings, group }, picture) {
  const values = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const found = [`Short name: ${id}`, seed === null ? "" : `Seed: ${seed}`, values.length ? `Settings: ${values.join(", ")}` : "", group ? `Group: ${group}` : ""];
  if (picture) found.push(`Reference image: ${picture.width}×${picture.height}, ${Math.ceil(picture.bytes / 1000)} kB`);
  return found.filter(Boolean);
}

function fateOf({ id, name, taken, have }, look, replace) {
  if (have !== null) return `You have this look already, as ${have}.`;
  if (taken === null) return name === look.name ? "" : `It will be called “${name}”.`;
  return replace ? `It takes the place of your “${taken}”.` : `You have a look ${look.id}: this one becomes “${name}” (${id}).`;
}

function pictureOf(look, picture) {
  if (picture) return element("img", { class: "shared-picture", src: `data:image/jpeg;base64,${picture.preview}`, alt: `Reference image of ${look.name}` });
  const blank = element("span", { class: "shared-picture thumb", "aria-hidden": "true" });
  const { hue, strength } = swatch(look);
  blank.style.setProperty("--hue", String(hue));
  blank.style.setProperty("--strength", `${strength}%`);
  return blank;
}

/** Save looks as a file of the user's; all of them without ids. */
async function save(token, ids, toasts) {
  const query = new URLSearchParams({ ...(ids.length && { ids: ids.join(",") }), token });
  try {
    const answer = await fetch(`/v1/looks.jsonl?${query}`);
    if (!answer.ok) {
      const { data } = await answer.json();
      return toasts.tell(asSentence(data.message));
    }
    const link = element("a", { download: ids.length === 1 ? `${ids[0]}.jsonl` : FILE_NAME });
    link.href = URL.createObjectURL(await answer.blob());
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch {
    toasts.tell("The looks could not be fetched: sana-vcam cannot be reached now");
  }
  return undefined;
}
