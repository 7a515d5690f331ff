// Before and after in one picture, with a line between them that can be moved.
//
// While they are compared the video has both at half the size, side by side between black bars; from it
// the page draws them over each other, so moving the line asks the daemon for nothing.

import { $, setAttribute } from "./dom.js";
import { recall, remember } from "./memory.js";

const STEP = 0.04;
/** The brightest that a compressed black is, of 255. */
const BLACK = 40;
const PROBE = 16;
/** Rows of the probe that are surely in the bars, which are a quarter of the height each. */
const BARS = [0, 1, 2, PROBE - 3, PROBE - 2, PROBE - 1];

/** Let the button choose between beside and wiped; returns what to call when comparing begins and ends. */
export function letWipe() {
  const button = $("wipe-button");
  const video = $("preview-video");
  const canvas = $("wipe");
  const line = $("wipe-line");
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.canvas.width = probe.canvas.height = PROBE;
  let wanted = recall("wipe", false) === true;
  let held = false;
  let at = 0.5;

  const show = (on) => {
    canvas.hidden = line.hidden = !on;
    line.style.left = `${at * 100}%`;
  };
  const move = (to) => {
    at = Math.max(0, Math.min(1, to));
    if (!canvas.hidden) draw(video, canvas, at);
    line.style.left = `${at * 100}%`;
  };
  const next = () => {
    if (!held || !wanted) return;
    const both = isBeside(video, probe);
    if (both) draw(video, canvas, at);
    show(both);
    video.requestVideoFrameCallback(next);
  };
  setAttribute(button, "aria-pressed", String(wanted));
  button.addEventListener("click", () => {
    wanted = !wanted;
    remember("wipe", wanted);
    setAttribute(button, "aria-pressed", String(wanted));
  });
  addEventListener("pointermove", ({ buttons, clientX, movementX, target }) => {
    if (!held || !wanted) return;
    const { left, width } = $("frame").getBoundingClientRect();
    // Where the button is held the pointer is far from the line, and takes it along.
    if (buttons !== 0) move(at + movementX / width);
    else if ($("frame").contains(target)) move((clientX - left) / width);
  });
  addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!held || !wanted || by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(at + by);
  }, { capture: true });
  return (on) => {
    if (held === on) return;
    held = on;
    if (!on) show(false);
    else if (wanted) video.requestVideoFrameCallback(next);
  };
}

/** Whether the video's frame has both pictures: its bars are black. */
function isBeside(video, probe) {
  probe.drawImage(video, 0, 0, PROBE, PROBE);
  return BARS.every((row) => probe.getImageData(0, row, PROBE, 1).data.every((value, index) => index % 4 === 3 || value < BLACK));
}

/** Draw what is before left of the line, and what is after right of it. */
function draw(video, canvas, at) {
  const width = video.videoWidth / 2;
  const height = video.videoHeight / 2;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const top = height / 2;
  context.drawImage(video, width, top, width, height, 0, 0, width, height);
  if (at > 0) context.drawImage(video, 0, top, width * at, height, 0, 0, width * at, height);
}
