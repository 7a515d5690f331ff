// What the help sheet says of this version: its number, and the way to its documentation.

import { $, setText } from "./dom.js";
import { isFree } from "./words.js";

const PRICE =
  "An open session is billed by the second, a paused one as well, until it ends. Session and Details show the money if a price is configured; a cap ends it in time.";
const FREE = "It costs nothing: the model runs on this machine.";

/** Show the daemon's version, and let the links lead to the documentation that came with it. */
export function showHelp(store, token) {
  for (const link of document.querySelectorAll("[data-doc]")) {
    link.href = `/dashboard/docs/${link.dataset.doc}?token=${encodeURIComponent(token)}`;
    link.target = "_blank";
    link.rel = "noopener";
  }
  store.watch(({ hello, state }) => {
    setText($("help-version"), hello === null ? "" : `sana-vcam ${hello.version}`);
    setText($("help-price"), state !== null && isFree(state) ? FREE : PRICE);
  });
}
