// The badge, the sentence, the tally and the lines about camera and virtual camera.

import { $, setAttribute, setText } from "./dom.js";
import { isKnown, sinceTold } from "./store.js";
import { showTab } from "./tab.js";
import { cameraWords, clock, outputWords, sentence, sessionWords, sinkWords } from "./words.js";

/** Show the state of everything in words. */
export function showStatus(store) {
  store.watch((model) => {
    setAttribute(document.body, "data-link", model.link);
    showBadge(model);
    showTally(model);
    showSources(model);
    showTab(model);
  });
}

function showBadge(model) {
  const words = sessionWords(model);
  setAttribute($("badge"), "data-tone", words.tone);
  setText($("badge-label"), words.label);
  setText($("sentence"), sentence(model));
  const seconds = words.timed ? secondsOf(model) : null;
  $("badge-elapsed").hidden = seconds === null || (seconds < 1 && !isNextTry(model));
  setText($("badge-elapsed"), seconds === null ? "" : clock(seconds));
}

/** What the badge counts: seconds in what it says, or those to the next try. */
function secondsOf(model) {
  if (!isKnown(model)) return (performance.now() - model.linkSince) / 1000;
  if (isNextTry(model)) return Math.ceil(model.state.next_try_in_s - sinceTold(model));
  return model.state.phase_s + sinceTold(model);
}

const isNextTry = (model) => isKnown(model) && model.state.session === "backoff" && typeof model.state.next_try_in_s === "number";

function showTally(model) {
  const known = isKnown(model);
  $("tally").hidden = !known;
  if (!known) return;
  const { tally } = outputWords(model.state);
  // The picture below it is the one that is rehearsed.
  const isBeside = model.state.rehearsal && model.state.second_session;
  setText($("tally"), isBeside ? `Viewers: ${tally}` : tally);
  setAttribute($("tally"), "data-output", model.state.output);
  setAttribute($("screen"), "data-output", model.state.output);
  $("frame").style.setProperty("--ratio", String(model.state.width / model.state.height || 16 / 9));
}

function showSources(model) {
  const known = isKnown(model);
  const camera = known ? cameraWords(model.state) : { text: "Camera: not known now", tone: "neutral" };
  setText($("camera-text"), camera.text);
  setAttribute($("camera-line"), "data-tone", camera.tone);
  setText($("sink-line"), known ? sinkWords(model.state) : "");
  setAttribute($("sink-line"), "title", known ? `${model.state.width} × ${model.state.height}` : null);
}
