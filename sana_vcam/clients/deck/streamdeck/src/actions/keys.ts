/** The kinds of keys. */

import type { KeyDownEvent } from "@elgato/streamdeck";

import type { Deck } from "../deck.ts";
import {
	lookKey,
	noLookKey,
	promptKey,
	type StatusPage,
	statusKey,
	stepKey,
	type Switch,
	pauseNote,
	switchKey,
} from "../faces/keys.ts";
import { Refused } from "../words.ts";
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

const NAMES: Record<Switch, string> = { blank: "privacy", freeze: "freeze", pause: "pause" };

export class SwitchAction extends DeckAction<SwitchSettings> {
	readonly #which: Switch;

	constructor(deck: Deck, which: Switch) {
		super(NAMES[which], deck);
		this.#which = which;
	}

	protected override face(): Face {
		const { live } = this.deck;
		const isOn = live?.[this.#which === "pause" ? "paused" : this.#which] ?? false;
		const note = this.#which === "pause" && isOn && live !== undefined ? pauseNote(live) : undefined;
		const svg = switchKey(this.#which, { isOn, isOnline: live !== undefined }, note);
		return { svg, state: isOn ? 1 : 0 };
	}

	protected override async press(event: KeyDownEvent<SwitchSettings>): Promise<void> {
		const on = wanted(event);
		await (this.#which === "pause"
			? this.deck.pause(on)
			: this.deck.cover(this.#which, on));
	}
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
