// The reference image: looked at before it is sent, and sent in pieces that fit into messages.

import { element, setText } from "./dom.js";
import { makeRow, when } from "./fields.js";
import { sendInPieces } from "./pieces.js";

const megabytes = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${Number((bytes / 1e6).toFixed(1))} MB`);

export class ImageField {
  #slot;
  #ask;
  #input;
  #picture = element("img", { class: "image-preview", id: "image-preview", alt: "The chosen image", hidden: true });
  #note = element("p", { class: "image-note", id: "image-note", role: "status" });
  #use = element("button", { class: "button", id: "image-use", type: "button", "data-live": true, hidden: true, click: () => this.#send() }, "Use it");
  #remove = element("button", { class: "button", id: "image-remove", type: "button", "data-live": true, hidden: true, click: () => this.#clear() }, "Remove");
  #chosen = null;
  #complain;

  constructor(slot, ask) {
    this.#slot = slot;
    this.#ask = ask;
    this.#input = element("input", { id: "image-file", type: "file", accept: slot.formats.join(","), "aria-describedby": "image-file-hint", change: () => this.#choose() });
    const needed = slot.required ? " The model shows nothing without one." : "";
    const hint = `PNG, JPEG or WebP of at most ${megabytes(slot.most_bytes)}. ${when(slot)}${needed}`;
    const { row, complain } = makeRow("image-file", "Reference image", hint, this.#picture, this.#note, this.#input, this.#use, this.#remove);
    this.row = row;
    this.#complain = complain;
    row.classList.add("image-row");
    this.#picture.addEventListener("load", () => this.#measured());
    this.#picture.addEventListener("error", () => this.#broken());
  }

  follow({ image }) {
    this.#slot = image;
    this.#remove.hidden = image.name === null || image.required;
    if (this.#chosen === null) setText(this.#note, image.name === null ? "None." : `The model is shown ${image.name}.`);
  }

  #choose() {
    const [file] = this.#input.files;
    this.#forget();
    if (!file) return;
    const wrong = this.#fault(file);
    this.#complain(wrong);
    if (wrong) return;
    this.#chosen = file;
    this.#picture.src = URL.createObjectURL(file);
    setText(this.#note, `${file.name}, ${megabytes(file.size)}. Not sent yet.`);
  }

  #fault({ name, size, type }) {
    const { most_bytes: most, formats } = this.#slot;
    if (!formats.includes(type)) return `${name} is no PNG, JPEG or WebP image.`;
    if (size === 0) return `${name} is empty.`;
    return size > most ? `${name} has ${megabytes(size)}; at most ${megabytes(most)} are sent.` : "";
  }

  #measured() {
    const { naturalWidth: width, naturalHeight: height } = this.#picture;
    const { name, size } = this.#chosen;
    setText(this.#note, `${name}, ${width}×${height}, ${megabytes(size)}. Not sent yet.`);
    this.#picture.hidden = this.#use.hidden = false;
  }

  #broken() {
    if (this.#chosen === null) return;
    const { name } = this.#chosen;
    this.#forget();
    this.#complain(`${name} cannot be read as an image.`);
  }

  async #send() {
    const file = this.#chosen;
    const told = (share) => setText(this.#note, `Sending ${file.name}: ${Math.round(100 * share)} %`);
    try {
      await sendInPieces(this.#ask, "set_image", file, { name: file.name }, told);
    } catch (error) {
      setText(this.#note, `${file.name}, ${megabytes(file.size)}. Not taken.`);
      return this.#complain(error.message);
    }
    // The picture stays: it is what the model is shown.
    this.#chosen = null;
    this.#input.value = "";
    this.#use.hidden = true;
    this.#complain("");
    setText(this.#note, `The model is shown ${file.name}.`);
  }

  async #clear() {
    try {
      await this.#ask("set_image", {});
      this.#forget();
      this.#input.value = "";
      this.#complain("");
    } catch (error) {
      this.#complain(error.message);
    }
  }

  #forget() {
    if (this.#picture.src) URL.revokeObjectURL(this.#picture.src);
    this.#chosen = null;
    this.#picture.removeAttribute("src");
    this.#picture.hidden = this.#use.hidden = true;
  }
}
