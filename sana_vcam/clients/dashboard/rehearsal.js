// A look that is rehearsed: the preview shows it, viewers keep a still (or stay live, where it has a session
// of its own), and a message over the picture takes it or puts it back.

import { $, announce, setAttribute, setText } from "./dom.js";
import { can } from "./store.js";
import { ofMoney } from "./words.js";

/** Show what is rehearsed; returns what begins, takes and ends it. */
export function showRehearsal(store, run) {
  const isOn = () => Boolean(store.model.state?.rehearsal);
  const press = {
    rehearse: async (preset) => {
      if (await run("rehearse", { preset: preset.id })) announce(`“${preset.name}” is rehearsed: only you see it`);
    },
    take: () => isOn() && run("take"),
    back: () => isOn() && run("back"),
  };
  $("rehearsal-take").addEventListener("click", press.take);
  $("rehearsal-back").addEventListener("click", press.back);
  store.watch((model) => {
    const { state } = model;
    const stage = can(model, "rehearse") ? (state?.rehearsal ?? null) : null;
    $("rehearsal-banner").hidden = stage === null;
    setAttribute($("screen"), "data-rehearsal", stage);
    if (stage === null) return;
    setText($("rehearsal-text"), stageWords(model));
    $("rehearsal-take").hidden = $("rehearsal-back").hidden = !["coming", "ready"].includes(stage);
  });
  return press;
}

/** What viewers have meanwhile. */
export const viewersMeanwhile = (state) => (state?.second_session ? "viewers stay live" : "viewers keep a still");

/** What a rehearsal costs, said before it begins: it runs in the session that streams, or in one besides. */
export function priceOfRehearsal(state) {
  if (state === null) return "";
  if (state.second_session) return ofMoney(state, `; a second session, billed besides${aMinute(state)}`, "; a second session");
  return ofMoney(state, "; nothing billed besides the session", "; free");
}

const aMinute = ({ price_per_min: price, currency }) => (price ? ` (${price} ${currency} a minute)` : "");

/** What a rehearsal is at, in a sentence or two. */
export function stageWords({ state, presets }) {
  const meanwhile = state.second_session ? `viewers stay live on ${lookOnAir(state, presets)}` : "viewers keep a still";
  const billed = state.second_session ? `Both sessions are billed${aMinute(state).replace(")", " each)")}` : "Billed as ever";
  switch (state.rehearsal) {
    case "coming":
      return `The look is on its way to your preview; ${meanwhile}.`;
    case "ready":
      return `Only you see this look; ${meanwhile}${ofMoney(state, `. ${billed}`, "")}.`;
    case "taking":
      return "Taken: viewers see it as soon as the model shows it.";
    default:
      return "Put back: viewers keep the still until the look from before is there.";
  }
}

function lookOnAir({ on_air_preset: id }, presets) {
  const preset = presets.find((one) => one.id === id);
  return preset ? `“${preset.name}”` : "the look from before";
}
