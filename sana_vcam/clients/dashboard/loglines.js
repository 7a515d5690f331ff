// The daemon's newest log lines.

import { $, element } from "./dom.js";

const KEPT = 200;

/** Add one line at the end, and follow it if the end is in sight. */
export function addLogLine({ time_s, level, logger, message }) {
  const list = $("log-lines");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  const time = new Date(time_s * 1000).toLocaleTimeString([], { hour12: false });
  list.append(
    element(
      "li",
      { "data-level": level },
      element("time", {}, time),
      element("span", { class: "logger" }, logger.replace(/^sana_vcam\.?/, "") || "daemon"),
      element("span", {}, message),
    ),
  );
  while (list.childElementCount > KEPT) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}
