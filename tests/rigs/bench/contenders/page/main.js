// The same job in a browser, with Reactor's own SDK: camera in, edited picture on the screen.
import { Reactor } from "@reactor-team/js-sdk";

import { announce, connection, subscribe } from "./older.js";

const COUNTER = { left: 0.06, right: 0.94, top: 0.84, bottom: 0.94, rows: 2, columns: 16 };

// For the delay: the numbers of a video's pictures, with the time that each came on the screen.
let watching = false;
function numbersOf(video, found) {
  const canvas = new OffscreenCanvas(160, 90);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const look = () => {
    if (!watching) return;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const number = readCounter(context.getImageData(0, 0, canvas.width, canvas.height));
    if (number !== null && number !== found.at(-1)?.[0]) found.push([number, performance.now()]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}

// For the quality: so many of a video's pictures, numbered, as the page shows them.
async function stillsOf(video, count) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.width, video.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const found = [];
  while (found.length < count) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const number = readCounter(context.getImageData(0, 0, canvas.width, canvas.height));
    if (number !== null) found.push([number, canvas.toDataURL("image/png")]);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return found;
}

function readCounter({ data, width, height }) {
  const { left, right, top, bottom, rows, columns } = COUNTER;
  const levels = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = Math.round((left + ((right - left) * (column + 0.5)) / columns) * width);
      const y = Math.round((top + ((bottom - top) * (row + 0.5)) / rows) * height);
      levels.push(data[4 * (y * width + x) + 1]);
    }
  }
  const darkest = Math.min(...levels);
  const lightest = Math.max(...levels);
  if (lightest - darkest < 48) return null;
  const bits = levels.map((level) => (level - darkest) / (lightest - darkest) > 0.5);
  return bits.slice(0, 24).reduce((number, bit) => number * 2 + (bit ? 1 : 0), 0);
}

function play(id, track) {
  const video = document.getElementById(id);
  video.srcObject = new MediaStream([track]);
  video.play();
  return video;
}

window.begin = async (url, size, fps) => {
  const camera = await navigator.mediaDevices.getUserMedia({
    video: { width: size[0], height: size[1], frameRate: fps },
  });
  const [track] = camera.getVideoTracks();
  track.contentHint = "detail";
  const reactor = new Reactor({ modelName: "sana-streaming", local: true, apiUrl: url });
  const seen = new Promise((resolve) => {
    reactor.on("trackReceived", (name, received) => {
      if (name === "main_video") resolve(play("edited", received));
    });
  });
  const ready = new Promise((resolve) => {
    reactor.on("statusChanged", (status) => status === "ready" && resolve());
  });
  await reactor.connect();
  await ready;
  await reactor.publishTrack("camera", track);
  await announce("camera");
  const edited = await seen;
  const shown = new Promise((resolve) => edited.requestVideoFrameCallback(resolve));
  subscribe("main_video");
  await reactor.sendCommand("set_mode", { mode: "live" });
  await reactor.sendCommand("start", {});
  await shown;
  const times = [];
  const note = (_, { presentationTime }) => {
    times.push(presentationTime);
    edited.requestVideoFrameCallback(note);
  };
  edited.requestVideoFrameCallback(note);
  const sent = [];
  const came = [];
  window.watch = () => {
    watching = true;
    numbersOf(play("camera", track), sent);
    numbersOf(edited, came);
  };
  window.unwatch = () => {
    watching = false;
    return [sent, came];
  };
  window.shown = () => times.splice(0);
  window.stills = (count) => stillsOf(edited, count);
  window.codecs = async () => {
    const stats = await connection.getStats();
    return [...new Set([...stats.values()].map((one) => one.mimeType).filter(Boolean))];
  };
  window.end = () => reactor.disconnect();
  return true;
};
