// The rows of the form of what the model takes: a label, what is entered, a hint, what is wrong.

import { element, setText } from "./dom.js";
import { asSentence } from "./words.js";

/** When a change is taken on, in words. */
export const when = ({ takes }) => (takes === "live" ? "Taken on at once." : "Taken on by the next run.");

/** A row with a label, what is entered, a hint and a place for what is wrong. */
export function makeRow(id, label, hint, ...inputs) {
  const error = element("p", { class: "form-error", role: "alert", hidden: true });
  const row = element(
    "div",
    { class: "field-row", id: `row-${id}` },
    element("label", { for: id }, label),
    element("div", { class: "field" }, ...inputs),
    element("p", { class: "hint", id: `${id}-hint` }, hint),
    error,
  );
  return { row, complain: (message) => complain(error, message) };
}

function complain(node, message) {
  setText(node, asSentence(message));
  node.hidden = !message;
}
