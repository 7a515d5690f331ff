/** The keys and dials that are to be seen now, and what all kinds of them have in common. */

import streamDeck, {
	type Action,
	type DialAction,
	type DidReceiveSettingsEvent,
	type FeedbackPayload,
	type KeyAction,
	type KeyDownEvent,
	SingletonAction,
	type WillAppearEvent,
	type WillDisappearEvent,
} from "@elgato/streamdeck";
import type { JsonObject } from "@elgato/utils";

import type { Deck } from "../deck.ts";
import { Refused } from "../words.ts";

/** What a key shows: a picture, and the manifest's state if the action has two. */
export interface Face {
	svg: string;
	state?: 0 | 1;
}

interface Shown<T> {
	action: KeyAction<T & JsonObject> | DialAction<T & JsonObject>;
	settings: T;
	/** What was sent last, so that only changes are sent. */
	image?: string;
	state?: number;
	feedback?: string;
}

export abstract class DeckAction<T extends JsonObject = JsonObject> extends SingletonAction<T> {
	protected readonly deck: Deck;
	readonly #shown = new Map<string, Shown<T>>();

	constructor(name: string, deck: Deck) {
		super();
		(this as { manifestId: string }).manifestId = `com.sana-vcam.deck.${name}`;
		this.deck = deck;
	}

	/** How a key with these settings looks now. */
	protected abstract face(settings: T, id: string): Face;

	/** What a press does. Rejects with `Refused` when it could not be done. */
	protected abstract press(event: KeyDownEvent<T>): Promise<void>;

	/** What the touch strip of a dial with these settings shows now. */
	protected feedback(_settings: T): FeedbackPayload {
		return {};
	}

	override onWillAppear(event: WillAppearEvent<T>): void {
		const { action, payload } = event;
		this.#shown.set(action.id, { action, settings: payload.settings });
		this.paint();
	}

	override onWillDisappear(event: WillDisappearEvent<T>): void {
		this.#shown.delete(event.action.id);
	}

	override onDidReceiveSettings(event: DidReceiveSettingsEvent<T>): void {
		const shown = this.#shown.get(event.action.id);
		if (shown !== undefined) {
			shown.settings = event.payload.settings;
			this.paint();
		}
	}

	override async onKeyDown(event: KeyDownEvent<T>): Promise<void> {
		await this.attempt(event.action, () => this.press(event));
	}

	/** Do something for a press, and say on the key itself when it failed. */
	protected async attempt(action: Action<T>, act: () => Promise<void>): Promise<void> {
		try {
			await act();
		} catch (error) {
			// The message may quote a prompt, which is private; the code is enough for a log.
			const code = error instanceof Refused ? error.code : String(error);
			streamDeck.logger.warn(`${this.manifestId ?? ""}: a press failed: ${code}`);
			await action.showAlert();
		}
	}

	/** Forget what was sent: the device may have lost it. */
	forget(): void {
		for (const shown of this.#shown.values()) {
			delete shown.image;
			delete shown.state;
			delete shown.feedback;
		}
	}

	/** Draw what has changed; returns whether anything had. */
	paint(): boolean {
		const painted = [...this.#shown.values()].map((shown) =>
			shown.action.isKey()
				? this.#paintKey(shown, shown.action)
				: this.#paintDial(shown, shown.action),
		);
		return painted.includes(true);
	}

	#paintKey(shown: Shown<T>, action: KeyAction<T>): boolean {
		// Within a multi-action there is nothing to see, and its states are the user's choice.
		if (action.isInMultiAction()) {
			return false;
		}
		const { svg, state } = this.face(shown.settings, action.id);
		if (state !== undefined && state !== shown.state) {
			shown.state = state;
			void action.setState(state);
		}
		if (svg === shown.image) {
			return false;
		}
		shown.image = svg;
		void action.setImage(asUri(svg));
		return true;
	}

	#paintDial(shown: Shown<T>, action: DialAction<T>): boolean {
		const feedback = this.feedback(shown.settings);
		const written = JSON.stringify(feedback);
		if (written === shown.feedback) {
			return false;
		}
		shown.feedback = written;
		void action.setFeedback(feedback);
		return true;
	}
}

function asUri(svg: string): string {
	return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
