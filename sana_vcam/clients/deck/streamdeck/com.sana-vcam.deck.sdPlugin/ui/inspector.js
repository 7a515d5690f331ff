/**
 * The property inspector of every action. The host calls connectElgatoStreamDeckSocket; the lists
 * come from the plugin, which has them from the daemon.
 */

"use strict";

/** One field of the settings for each element, for the actions that show it. */
const FIELDS = { preset: "preset", prompt: "prompt", title: "title", off: "off", "off-touch": "off", does: "does", setting: "setting", value: "value", playlist: "playlist", seconds: "seconds" };
/** A prompt is sent on when the typing rests. */
const REST_MS = 250;

let socket;
let uuid = "";
let action = "";
let settings = {};
let presets = [];
/** The names of the model's settings. */
let offered = [];
let isKept = false;

/** What was said before the host was there. */
const unsaid = [];

const find = (id) => document.getElementById(id);
const tell = (payload) => send("sendToPlugin", payload);

function send(event, payload) {
	const text = JSON.stringify({ event, action, context: uuid, payload });
	if (socket?.readyState === WebSocket.OPEN) {
		socket.send(text);
	} else {
		unsaid.push(text);
	}
}

// eslint-disable-next-line no-unused-vars
function connectElgatoStreamDeckSocket(port, inspectorUuid, registerEvent, _info, actionInfo) {
	uuid = inspectorUuid;
	const about = JSON.parse(actionInfo);
	action = about.action;
	settings = about.payload.settings ?? {};
	showFields();
	fill();
	socket = new WebSocket(`ws://127.0.0.1:${port}`);
	socket.onopen = () => {
		socket.send(JSON.stringify({ event: registerEvent, uuid }));
		unsaid.splice(0).forEach((text) => socket.send(text));
		tell({ ask: "menu" });
	};
	socket.onmessage = ({ data }) => hear(JSON.parse(data));
}

/** Show what belongs to this action. */
function showFields() {
	const name = action.split(".").at(-1);
	for (const element of document.querySelectorAll("[data-for]")) {
		element.hidden = !element.dataset.for.split(" ").includes(name);
	}
	const isOnlyHint = name === "dial";
	for (const hint of document.querySelectorAll('.hint[data-for~="dial"]')) {
		hint.hidden ||= isOnlyHint;
	}
}

function hear({ event, payload }) {
	if (event === "didReceiveSettings") {
		settings = payload.settings ?? {};
		fill();
	} else if (event === "sendToPropertyInspector") {
		({ presets = presets, settings: offered = offered } = payload);
		fill();
		if (payload.connection !== undefined) {
			showConnection(payload.connection);
		}
	}
}

/** Put the settings into the fields; what somebody is typing in is left alone. */
function fill() {
	options(find("preset"), [["", "Choose a look …"], ...looks()], settings.preset, settings.name);
	const away = [["", "goes back to no edit"], ["-", "does nothing more"], ...looks("puts on ")];
	options(find("off"), away, settings.off);
	options(find("off-touch"), away, settings.off);
	const named = offered.map((name) => [name, name.replaceAll("_", " ")]);
	options(find("setting"), [["", "Choose a setting …"], ...named], settings.setting);
	for (const id of ["prompt", "title", "value", "playlist", "seconds"]) {
		if (document.activeElement !== find(id)) {
			find(id).value = settings[id] ?? "";
		}
	}
	find("does").value = settings.does ?? "";
}

const looks = (before = "") => presets.map(({ id, name }) => [id, `${before}${name}`]);

/** Fill a list; a choice that is not in it (while offline) stays chosen. */
function options(list, entries, chosen = "", name = chosen) {
	const known = entries.some(([value]) => value === chosen);
	const all = known ? entries : [...entries, [chosen, `${name} (not there now)`]];
	const made = all.map(([value, text]) => new Option(text, value, false, value === chosen));
	if (JSON.stringify(all) !== list.dataset.entries) {
		list.dataset.entries = JSON.stringify(all);
		list.replaceChildren(...made);
	}
	list.value = chosen;
}

function showConnection({ isOnline, trouble, where, url, hasToken }) {
	find("connection").classList.toggle("is-online", isOnline);
	const at = where === "" ? "" : ` (${where})`;
	find("connection-text").textContent = isOnline ? `Connected${at}` : `Offline: ${trouble}${at}`;
	isKept = hasToken;
	find("token").placeholder = isKept ? "•••••••• (kept; type to replace)" : "";
	if (document.activeElement !== find("url")) {
		find("url").value = url;
	}
	if (url !== "" && !isOnline) {
		find("elsewhere").open = true;
	}
}

/** Take a field into the settings, and hand them to the host to keep. */
function keep(id) {
	settings = { ...settings, [FIELDS[id]]: find(id).value };
	if (id === "preset") {
		settings.name = presets.find((preset) => preset.id === settings.preset)?.name ?? "";
	}
	send("setSettings", settings);
}

function listen() {
	for (const id of ["preset", "off", "off-touch", "does", "setting"]) {
		find(id).addEventListener("change", () => keep(id));
	}
	for (const id of ["prompt", "title", "value", "playlist", "seconds"]) {
		let rest;
		find(id).addEventListener("input", () => {
			clearTimeout(rest);
			rest = setTimeout(() => keep(id), REST_MS);
		});
		// Leaving the field, or the inspector, must not lose the last words.
		find(id).addEventListener("change", () => {
			clearTimeout(rest);
			keep(id);
		});
	}
	find("fields").addEventListener("submit", (event) => event.preventDefault());
	find("use").addEventListener("click", () => {
		tell({ connection: { url: find("url").value, token: find("token").value } });
		find("token").value = "";
	});
	find("here").addEventListener("click", () => {
		find("url").value = "";
		find("token").value = "";
		tell({ connection: { url: "", token: "" } });
	});
}

document.addEventListener("DOMContentLoaded", listen);
