// How much fits into a box yet, told when it is nearly full.

import { $, setText } from "./dom.js";

const NEARLY = 0.9;

/** What stands beside a box with so many characters; empty while there is room. */
export function counterWords(length, most) {
  if (most <= 0 || length < NEARLY * most) return "";
  const count = `${length.toLocaleString("en")} of ${most.toLocaleString("en")} characters`;
  return length >= most ? `${count}: no more fit` : count;
}

/** Keep the counter of the box `id` in the element `id`-count; returns what counts anew. */
export function showCounter(id) {
  const box = $(id);
  const count = () => {
    const words = counterWords(box.value.length, box.maxLength);
    $(`${id}-count`).hidden = words === "";
    setText($(`${id}-count`), words);
  };
  box.addEventListener("input", count);
  return count;
}
