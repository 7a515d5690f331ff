/** The dial of a Stream Deck +: turn through the looks, push to hide the picture. */

import type {
	DialDownEvent,
	DialRotateEvent,
	FeedbackPayload,
	TouchTapEvent,
} from "@elgato/streamdeck";

import type { Deck } from "../deck.ts";
import { glyph } from "../faces/glyphs.ts";
import { lookPicture, statusWord } from "../faces/keys.ts";
import { COLOUR, key, rect } from "../faces/svg.ts";
import { DeckAction, type Face } from "./shown.ts";

const MOST_STEPS = 1000;

export type DialSettings = {
	/** Where a long touch goes; see `Off`. */
	off?: string;
};

export class DialLooksAction extends DeckAction<DialSettings> {
	/** Ticks that came while the daemon was at work; they become one step. */
	#ticks = 0;
	#turning: Promise<unknown> | undefined;

	constructor(deck: Deck) {
		super("dial", deck);
	}

	override async onDialRotate(event: DialRotateEvent<DialSettings>): Promise<void> {
		await this.attempt(event.action, () => this.#turn(event.payload.ticks));
	}

	override async onDialDown(event: DialDownEvent<DialSettings>): Promise<void> {
		await this.attempt(event.action, () => this.deck.cover("blank", undefined));
	}

	override async onTouchTap(event: TouchTapEvent<DialSettings>): Promise<void> {
		const { hold, settings } = event.payload;
		await this.attempt(event.action, () =>
			hold ? this.deck.leaveLook(settings.off ?? "") : this.deck.cover("freeze", undefined),
		);
	}

	/** A dial has no keys. */
	protected override face(): Face {
		return { svg: key() };
	}

	protected override press(): Promise<void> {
		return Promise.resolve();
	}

	/** Its pictures are plain SVG, which both hosts read; OpenDeck's strip draws no text in them. */
	protected override feedback(): FeedbackPayload {
		const { live } = this.deck;
		if (live === undefined) {
			return { picture: offlinePicture(), name: "offline", state: "sana-vcam", lit: 0 };
		}
		const preset = this.deck.find(live.preset);
		const [word] = statusWord(live);
		const place = this.deck.presets.findIndex(({ id }) => id === live.preset) + 1;
		const count = this.deck.presets.length;
		return {
			picture: this.#picture(live.preset),
			name: preset?.name ?? (live.prompt === "" ? "No edit" : "Own prompt"),
			state: place > 0 ? `${word}  ${place}/${count}` : word,
			lit: count === 0 ? 0 : Math.round((place / count) * 100),
		};
	}

	#picture(id: string | null): string {
		const preset = this.deck.find(id);
		const { live } = this.deck;
		if (live?.blank) {
			return signPicture("hidden", COLOUR.danger);
		}
		if (preset === undefined) {
			return signPicture("prompt", COLOUR.raised);
		}
		return lookPicture({ ...preset, still: this.deck.still(preset) });
	}

	async #turn(ticks: number): Promise<void> {
		this.#ticks += ticks;
		if (this.#turning !== undefined) {
			await this.#turning;
			return;
		}
		this.#turning = this.#stepAll();
		try {
			await this.#turning;
		} finally {
			this.#turning = undefined;
		}
	}

	async #stepAll(): Promise<void> {
		try {
			while (this.#ticks !== 0) {
				const by = Math.max(-MOST_STEPS, Math.min(MOST_STEPS, this.#ticks));
				this.#ticks -= by;
				await this.deck.daemon.send("step_preset", { by });
			}
		} finally {
			this.#ticks = 0;
		}
	}
}

function signPicture(name: "hidden" | "prompt" | "offline", ground: string): string {
	return key(rect(0, 0, 144, 144, ground, 'rx="20"'), glyph(name, 36, 36, 72, COLOUR.text));
}

function offlinePicture(): string {
	return signPicture("offline", COLOUR.raised);
}
