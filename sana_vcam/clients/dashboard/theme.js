// Light or dark: as the system says, or as chosen here.

import { $, announce, setAttribute, setText } from "./dom.js";
import { recall, remember } from "./memory.js";

const NEXT = { system: "light", light: "dark", dark: "system" };

/** Take on the remembered theme; returns what switches to the next one. */
export function showTheme() {
  let theme = recall("theme", "system");
  if (!(theme in NEXT)) theme = "system";
  const show = () => {
    setAttribute(document.documentElement, "data-theme", theme === "system" ? null : theme);
    setAttribute($("theme-button"), "aria-label", `Theme: ${theme}`);
    setAttribute($("theme-button"), "title", `Theme: ${theme}`);
    setText($("help-theme"), `Theme: ${theme}`);
  };
  const next = () => {
    theme = NEXT[theme];
    remember("theme", theme);
    show();
    announce(`Theme: ${theme}`);
  };
  for (const id of ["theme-button", "help-theme"]) $(id).addEventListener("click", next);
  show();
  return next;
}
