/** The keys about a look that is rehearsed off air, and about what is kept of the picture. */

import type { KeyDownEvent } from "@elgato/streamdeck";

import type { Deck } from "../deck.ts";
import { clipKey, decisionKey, noLookKey, rehearsalKey } from "../faces/keys.ts";
import { Refused } from "../words.ts";
import { DeckAction, type Face } from "./shown.ts";

export type RehearsalSettings = {
	preset?: string;
	/** Its name when it was chosen, for while the daemon cannot be asked. */
	name?: string;
};

export class RehearsalAction extends DeckAction<RehearsalSettings> {
	constructor(deck: Deck) {
		super("rehearse", deck);
	}

	protected override face({ preset = "", name }: RehearsalSettings): Face {
		if (preset === "") {
			return { svg: noLookKey("Choose a look") };
		}
		const { live } = this.deck;
		const found = this.deck.find(preset);
		if (live !== undefined && found === undefined) {
			return { svg: noLookKey(`no ${name ?? preset}`) };
		}
		const isOn = this.deck.isRehearsed(preset);
		const stage = isOn ? (live?.rehearsal ?? "") : "";
		const lit = { isOn, isOnline: live !== undefined };
		return { svg: rehearsalKey(found?.name ?? name ?? preset, stage, lit) };
	}

	protected override async press(event: KeyDownEvent<RehearsalSettings>): Promise<void> {
		const { preset = "" } = event.payload.settings;
		if (preset === "") {
			throw new Refused("not_set", "no look is chosen for this key");
		}
		await this.deck.toggleRehearsal(preset);
	}
}

export class DecisionAction extends DeckAction {
	readonly #which: "take" | "back";

	constructor(deck: Deck, which: "take" | "back") {
		super(which, deck);
		this.#which = which;
	}

	protected override face(): Face {
		const lit = { isOn: this.deck.rehearses, isOnline: this.deck.live !== undefined };
		return { svg: decisionKey(this.#which, lit) };
	}

	protected override async press(): Promise<void> {
		await this.deck.daemon.send(this.#which);
	}
}

export type ClipSettings = {
	/** How many seconds, as text; without them, as the daemon is configured. */
	seconds?: string;
};

export class ClipAction extends DeckAction<ClipSettings> {
	constructor(deck: Deck) {
		super("clip", deck);
	}

	protected override face({ seconds = "" }: ClipSettings): Face {
		const { live } = this.deck;
		const length = seconds.trim() === "" ? "" : `${seconds.trim()} s`;
		const words = live === undefined || live.clips ? length : "not kept";
		return { svg: clipKey(words, live !== undefined) };
	}

	protected override async press(event: KeyDownEvent<ClipSettings>): Promise<void> {
		const text = (event.payload.settings.seconds ?? "").trim();
		const seconds = Number(text);
		if (!Number.isFinite(seconds)) {
			throw new Refused("not_set", "the seconds of this key are no number");
		}
		await this.deck.daemon.send("clip", text === "" ? {} : { seconds });
		// Nothing else tells that the file is there.
		await event.action.showOk();
	}
}
