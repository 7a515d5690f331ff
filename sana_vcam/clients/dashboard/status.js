// The badge, the sentence, the tally and the lines about camera and virtual camera.

import { $, setAttribute, setText } from "./dom.js";
import { sinceTold } from "./store.js";
import { cameraWords, clock, outputWords, sentence, sessionWords, sinkWords } from "./words.js";

/** Show the state of everything in words. */
export function showStatus(store) {
  store.watch((model) => {
    setAttribute(document.body, "data-link", model.link);
    showBadge(model);
    showTally(model);
    showSources(model);
  });
}

function showBadge(model) {
  const words = sessionWords(model);
  setAttribute($("badge"), "data-tone", words.tone);
  setText($("badge-label"), words.label);
  setText($("sentence"), sentence(model));
  const elapsed = words.timed ? elapsedOf(model) : null;
  $("badge-elapsed").hidden = elapsed === null || elapsed < 1;
  setText($("badge-elapsed"), elapsed === null ? "" : clock(elapsed));
  document.title = `${words.label} – SANA VCam`;
}

/** Seconds in what the badge says. */
function elapsedOf(model) {
  if (model.link === "open") return model.state.phase_s + sinceTold(model);
  return (performance.now() - model.linkSince) / 1000;
}

function showTally(model) {
  const known = model.link === "open" && model.state !== null;
  $("tally").hidden = !known;
  if (!known) return;
  setText($("tally"), outputWords(model.state).tally);
  setAttribute($("tally"), "data-output", model.state.output);
  setAttribute($("screen"), "data-output", model.state.output);
  $("frame").style.setProperty("--ratio", String(model.state.width / model.state.height || 16 / 9));
}

function showSources(model) {
  const known = model.link === "open" && model.state !== null;
  const camera = known ? cameraWords(model.state) : { text: "Camera: not known now", tone: "neutral" };
  setText($("camera-text"), camera.text);
  setAttribute($("camera-line"), "data-tone", camera.tone);
  setText($("sink-line"), known ? sinkWords(model.state) : "");
  setAttribute($("sink-line"), "title", known ? `${model.state.width} × ${model.state.height}` : null);
}
