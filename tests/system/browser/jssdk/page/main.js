// A client of any model, driven from outside: connect, publish, send, and say what has come.
import { Reactor } from "@reactor-team/js-sdk";

import { announce, subscribe } from "./older.js";

const video = document.getElementById("edited");
let reactor;
let told = [];
let capabilities;

window.begin = async (url, source) => {
  told = [];
  reactor = new Reactor({ modelName: "any", local: true, apiUrl: url });
  reactor.on("message", ({ type, data }) => told.push({ type, data }));
  reactor.on("runtimeMessage", ({ type, data }) => told.push({ type, data, runtime: true }));
  reactor.on("capabilitiesReceived", (declared) => (capabilities = declared));
  reactor.on("trackReceived", (name, track) => {
    if (name !== "main_video") return;
    video.srcObject = new MediaStream([track]);
    video.play();
  });
  const ready = new Promise((resolve) => {
    reactor.on("statusChanged", (status) => status === "ready" && resolve());
  });
  await reactor.connect();
  await ready;
  if (source) {
    const size = { width: 640, height: 360, frameRate: 24 };
    const camera = await navigator.mediaDevices.getUserMedia({ video: size });
    const [track] = camera.getVideoTracks();
    track.contentHint = "detail";
    await reactor.publishTrack(source, track);
    await announce(source);
  }
  subscribe("main_video");
  return capabilities.tracks.map(({ name, direction }) => [name, direction]);
};

// Give the number of messages that there were before; `red` names a field for an uploaded picture.
window.send = async (command, data, red) => {
  const before = told.length;
  const image = red ? { [red]: await reactor.uploadFile(await picture()) } : {};
  await reactor.sendCommand(command, { ...data, ...image });
  return before;
};

async function picture() {
  const canvas = new OffscreenCanvas(120, 80);
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(220, 20, 30)";
  context.fillRect(0, 0, 120, 80);
  return new File([await canvas.convertToBlob()], "red.png", { type: "image/png" });
}

window.told = () => told;

// What the page shows now: its size in pixels and its mean colour.
window.shown = () => {
  const canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, 16, 16);
  const { data } = context.getImageData(0, 0, 16, 16);
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < data.length; i += 4) sum += data[i];
    return sum / 256;
  });
  return { size: [video.videoWidth, video.videoHeight], mean };
};

window.end = async () => {
  await reactor.disconnect();
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
};
