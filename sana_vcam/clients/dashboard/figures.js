// The strip of live figures. A figure whose fields an older daemon does not have is not shown.

import { $, element, setAttribute, setText } from "./dom.js";
import { isKnown, sinceTold } from "./store.js";
import { clock, delayWords, hasNoPicture, isFree, money } from "./words.js";

const rate = (value) => String(Number(value.toFixed(1)));
const listed = (...parts) => parts.filter(Boolean).join(" · ");
const UNKNOWN = "–";
const NO_PICTURE = "no picture from the model";

/** Each figure: its name, and from the state its value, a note and a tone; `undefined` hides it. */
const FIGURES = [
  { key: "quality", name: "Quality", of: quality },
  { key: "glass", name: "Delay", of: glass },
  { key: "session", name: "Session", of: session },
  { key: "viewers", name: "Viewers", of: viewers },
];

/** The figures that nobody needs in a call, folded behind “Details”. */
const MORE = [
  { key: "today", name: "Today", of: today },
  { key: "rates", name: "Frames a second", of: rates },
  { key: "delay", name: "Smoothing", of: smoothing },
  { key: "chunk", name: "Chunk", of: (s) => [s.chunk === null ? UNKNOWN : String(s.chunk), ""] },
  { key: "lost", name: "Drops · repeats", of: (s) => [`${s.dropped} · ${s.repeated}`, "frames"] },
  { key: "network", name: "Network", of: network },
];

function quality(state) {
  if (state.quality === undefined) return undefined;
  if (state.session_s !== null && hasNoPicture(state)) return [UNKNOWN, NO_PICTURE, "warning"];
  if (state.quality === null) return [UNKNOWN, state.session_s === null ? "no session" : "not known yet"];
  const word = state.quality[0].toUpperCase() + state.quality.slice(1);
  return [word, state.quality_cause ?? "", { good: "good", fair: "warning", poor: "error" }[state.quality]];
}

function rates(state) {
  return [[state.fps_camera, state.fps_model, state.fps_output].map(rate).join(" → "), "camera → model → output"];
}

function glass(state) {
  if (state.glass_ms === undefined) return undefined;
  if (state.session_s === null) return [UNKNOWN, "camera to viewers"];
  if (hasNoPicture(state)) return [UNKNOWN, NO_PICTURE];
  if (state.glass_ms === null) return ["unknown", "camera to viewers"];
  return delayWords(state);
}

function smoothing(state) {
  return [state.delay_ms === null ? UNKNOWN : `+${state.delay_ms} ms`, "delay"];
}

function viewers(state) {
  if (state.viewers === null) return [UNKNOWN, "not known"];
  return [String(state.viewers), (state.viewer_names ?? []).join(", ")];
}

function network(state) {
  if (state.rtt_ms === undefined) return undefined;
  if (state.rtt_ms === null) return [UNKNOWN, state.session_s === null ? "no session" : "not known yet"];
  const { loss_percent: loss, bitrate_kbps: rate } = state;
  return [
    `${Math.round(state.rtt_ms)} ms`,
    listed(
      typeof loss === "number" && `${loss.toFixed(1)} % lost`,
      typeof rate === "number" && `${(rate / 1000).toFixed(1)} Mbit/s`,
      state.relay && "by relay",
      state.send_reduced && `sends ${state.send_width}×${state.send_height}`,
    ),
  ];
}

function session(state, since) {
  const cost = price(state.cost_session, state);
  if (state.session_s === null) return [listed(UNKNOWN, cost), cost ? "the last one" : "none is open"];
  const left = state.ends_in_s;
  const renewed = typeof left === "number" && `renewed in ${clock(left - since)}`;
  const note = listed(isFree(state) && "free", renewed) || "billed";
  return [listed(clock(state.session_s + since), cost), note];
}

function today(state, since) {
  if (state.billed_day_s === undefined) return undefined;
  if (isFree(state)) return undefined;
  const running = state.session_s === null ? 0 : since;
  const month = listed(clock((state.billed_month_s ?? 0) + running), price(state.cost_month, state));
  return [listed(clock(state.billed_day_s + running), price(state.cost_day, state)), `${month} this month`];
}

/** Money, as far as a price is configured. */
function price(cost, state) {
  return typeof cost === "number" ? money(cost, state.currency) : "";
}

/** Show the figures of `store`'s state. */
export function showFigures(store) {
  const [first, more] = [FIGURES, MORE].map((figures) => figures.map(makeCell));
  $("figures").append(...first.map(({ cell }) => cell));
  $("more-figures").append(...more.map(({ cell }) => cell));
  const cells = [...first, ...more];
  store.watch((model) => {
    for (const cell of cells) fill(cell, model);
  });
}

function makeCell(figure) {
  const value = element("dd", { class: "figure-value" });
  const note = element("dd", { class: "figure-note" });
  const cell = element("div", { class: "figure", id: `figure-${figure.key}` }, element("dt", {}, figure.name), value, note);
  return { figure, cell, value, note };
}

function fill({ figure, cell, value, note }, model) {
  const known = isKnown(model);
  const shown = known ? figure.of(model.state, sinceTold(model)) : [UNKNOWN, ""];
  // Offline, the figures that were there stay in their places without their values.
  if (known || model.state === null) cell.hidden = shown === undefined;
  const [text, more, tone = "neutral"] = shown ?? ["", ""];
  setText(value, text);
  setText(note, more);
  setAttribute(cell, "data-tone", tone);
}
