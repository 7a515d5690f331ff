// Before and after, side by side in the preview or with a line between them, for as long as a key is held.

import { $, announce, setAttribute } from "./dom.js";
import { can } from "./store.js";
import { letWipe } from "./wipe.js";

/** Let the button on the picture and the key C be held; the page's preview has to be a video. */
export function showCompare(store, run) {
  let held = false;
  const wipe = letWipe();
  const able = () => can(store.model, "compare") && $("screen").dataset.preview === "video";
  const hold = async (on) => {
    if (held === on || (on && !able())) return;
    held = on;
    wipe(on);
    setAttribute($("compare-button"), "aria-pressed", String(on));
    const reply = await run("compare", { on });
    if (on && reply) announce(reply.note || "Before is on the left, after on the right");
  };
  const button = $("compare-button");
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(end, () => hold(false));
  button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && hold(true));
  // The arrows move the line between the two meanwhile.
  addEventListener("keyup", ({ key }) => !key.startsWith("Arrow") && hold(false));
  // A key that is let go elsewhere is not heard here.
  addEventListener("blur", () => hold(false));
  document.addEventListener("visibilitychange", () => document.hidden && hold(false));
  const follow = () => (button.hidden = $("wipe-button").hidden = !able());
  store.watch(() => {
    follow();
    if (store.model.link !== "open") wipe((held = false));
  });
  new MutationObserver(follow).observe($("screen"), { attributeFilter: ["data-preview"] });
  return () => hold(true);
}
