/** The kinds of keys. */

import type { KeyDownEvent } from "@elgato/streamdeck";

import type { Deck } from "../deck.ts";
import {
	lookKey,
	noLookKey,
	playlistKey,
	promptKey,
	type StatusPage,
	statusKey,
	stepKey,
	type Switch,
	pauseNote,
	recordNote,
	settingKey,
	switchKey,
	voiceNote,
} from "../faces/keys.ts";
import { Refused, type State } from "../words.ts";
import { DeckAction, type Face } from "./shown.ts";

export type LookSettings = {
	preset?: string;
	/** Its name when it was chosen, for while the daemon cannot be asked. */
	name?: string;
	/** What a second press does; see `Off`. */
	off?: string;
};

export class LookAction extends DeckAction<LookSettings> {
	constructor(deck: Deck) {
		super("preset", deck);
	}

	protected override face({ preset, name }: LookSettings): Face {
		if (preset === undefined || preset === "") {
			return { svg: noLookKey("Choose a look") };
		}
		const { live } = this.deck;
		const found = this.deck.find(preset);
		if (live !== undefined && found === undefined) {
			return { svg: noLookKey(`no ${name ?? preset}`) };
		}
		const still = this.deck.still(found);
		const look = { id: preset, name: found?.name ?? name ?? preset, still };
		const isOn = live?.preset === preset;
		return { svg: lookKey(look, { isOn, isOnline: live !== undefined }) };
	}

	protected override async press(event: KeyDownEvent<LookSettings>): Promise<void> {
		const { preset, off } = event.payload.settings;
		if (preset === undefined || preset === "") {
			throw new Refused("not_set", "no look is chosen for this key");
		}
		// In a row of actions a look is an order, not a switch.
		await (event.payload.isInMultiAction
			? this.deck.applyPreset(preset)
			: this.deck.togglePreset(preset, off ?? ""));
	}
}

export type PromptSettings = {
	prompt?: string;
	title?: string;
	off?: string;
};

export class PromptAction extends DeckAction<PromptSettings> {
	constructor(deck: Deck) {
		super("prompt", deck);
	}

	protected override face({ prompt = "", title = "" }: PromptSettings): Face {
		const isOnline = this.deck.live !== undefined;
		const lit = { isOn: this.deck.isPrompted(prompt), isOnline };
		return { svg: promptKey(title || prompt, lit) };
	}

	protected override async press(event: KeyDownEvent<PromptSettings>): Promise<void> {
		const { prompt = "", off = "" } = event.payload.settings;
		if (prompt.trim() === "") {
			throw new Refused("not_set", "no prompt is written for this key");
		}
		await this.deck.togglePrompt(prompt, event.payload.isInMultiAction ? "-" : off);
	}
}

export class StepAction extends DeckAction {
	readonly #by: 1 | -1;

	constructor(deck: Deck, by: 1 | -1) {
		super(by > 0 ? "next" : "previous", deck);
		this.#by = by;
	}

	protected override face(): Face {
		const isOnline = this.deck.live !== undefined;
		return { svg: stepKey(this.#by, this.deck.neighbour(this.#by)?.name, isOnline) };
	}

	protected override async press(): Promise<void> {
		await this.deck.daemon.send("step_preset", { by: this.#by });
	}
}

export type SwitchSettings = {
	/** "on" or "off"; anything else is the other of the two. */
	does?: string;
};

const NAMES: Record<Switch, string> = {
	blank: "privacy",
	freeze: "freeze",
	pause: "pause",
	voice: "voice",
	record: "record",
};

export class SwitchAction extends DeckAction<SwitchSettings> {
	readonly #which: Switch;

	constructor(deck: Deck, which: Switch) {
		super(NAMES[which], deck);
		this.#which = which;
	}

	protected override face(): Face {
		const { live } = this.deck;
		const isOn = live !== undefined && isSwitchedOn(live, this.#which);
		const isNoted = isOn || this.#which === "record";
		const note = live !== undefined && isNoted ? noteOf(live, this.#which) : undefined;
		const svg = switchKey(this.#which, { isOn, isOnline: live !== undefined }, note);
		return { svg, state: isOn ? 1 : 0 };
	}

	protected override async press(event: KeyDownEvent<SwitchSettings>): Promise<void> {
		const on = wanted(event);
		if (this.#which === "pause") {
			await this.deck.pause(on);
		} else if (this.#which === "voice") {
			await this.deck.voice(on);
		} else if (this.#which === "record") {
			await this.deck.record(on);
		} else {
			await this.deck.cover(this.#which, on);
		}
	}
}

function isSwitchedOn(state: State, which: Switch): boolean {
	if (which === "voice") {
		return state.voice?.on ?? false;
	}
	if (which === "record") {
		return Boolean(state.recording);
	}
	return state[which === "pause" ? "paused" : which];
}

function noteOf(state: State, which: Switch): string | undefined {
	if (which === "voice") {
		return voiceNote(state);
	}
	if (which === "record") {
		return recordNote(state);
	}
	return which === "pause" ? pauseNote(state) : undefined;
}

/** What a press asks for: the key's own setting, else the choice made in a multi-action. */
function wanted({ payload }: KeyDownEvent<SwitchSettings>): boolean | undefined {
	const { does } = payload.settings;
	if (does === "on" || does === "off") {
		return does === "on";
	}
	if (payload.isInMultiAction) {
		// OpenDeck's multi-actions have no such choice; there a key without a setting switches.
		const state = payload.userDesiredState as number | undefined;
		return state === undefined ? undefined : state === 1;
	}
	return undefined;
}

export type SettingSettings = {
	setting?: string;
	/** What a press sets it to; without one it goes to the next choice. */
	value?: string;
};

export class SettingAction extends DeckAction<SettingSettings> {
	constructor(deck: Deck) {
		super("setting", deck);
	}

	protected override face({ setting = "", value = "" }: SettingSettings): Face {
		if (setting === "") {
			return { svg: noLookKey("Choose a setting") };
		}
		const name = setting.replaceAll("_", " ");
		const isOnline = this.deck.live !== undefined;
		const found = this.deck.setting(setting);
		if (isOnline && found === undefined) {
			return { svg: noLookKey(`no ${name}`) };
		}
		const now = found?.value ?? undefined;
		const isOn = value === "" ? now === true : String(now) === value.trim();
		return { svg: settingKey(name, now, { isOn, isOnline }) };
	}

	protected override async press(event: KeyDownEvent<SettingSettings>): Promise<void> {
		const { setting = "", value = "" } = event.payload.settings;
		if (setting === "") {
			throw new Refused("not_set", "no setting is chosen for this key");
		}
		await this.deck.changeSetting(setting, value.trim());
	}
}

export type PlaylistSettings = {
	/** Which one a press plays; without one it goes on to the next look of what plays. */
	playlist?: string;
};

export class PlaylistAction extends DeckAction<PlaylistSettings> {
	constructor(deck: Deck) {
		super("playlist", deck);
	}

	protected override face({ playlist: name = "" }: PlaylistSettings): Face {
		const { live } = this.deck;
		const now = live?.playlist ?? undefined;
		const isOn = now !== undefined && (name === "" || now.name === name);
		const where = isOn ? `${now.entry} / ${now.entries}` : "";
		const title = name || now?.name || "Playlist";
		return { svg: playlistKey(title, where, { isOn, isOnline: live !== undefined }) };
	}

	protected override async press(event: KeyDownEvent<PlaylistSettings>): Promise<void> {
		await this.deck.play((event.payload.settings.playlist ?? "").trim());
	}
}

export class StatusAction extends DeckAction {
	readonly #pages = new Map<string, StatusPage>();

	constructor(deck: Deck) {
		super("status", deck);
	}

	protected override face(_settings: object, id: string): Face {
		return { svg: statusKey(this.deck.live, this.#pages.get(id) ?? "session") };
	}

	/** Turn the page; without a daemon, look for it. */
	protected override press(event: KeyDownEvent): Promise<void> {
		const { id } = event.action;
		this.#pages.set(id, this.#pages.get(id) === "quality" ? "session" : "quality");
		this.deck.daemon.look();
		this.paint();
		return Promise.resolve();
	}
}
