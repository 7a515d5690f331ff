/** What the property inspectors are told and may ask: the looks, the connection, a new one. */

import streamDeck from "@elgato/streamdeck";
import type { JsonObject, JsonValue } from "@elgato/utils";

import type { Elsewhere } from "./daemon/daemon.ts";
import type { Deck } from "./deck.ts";

/** What is kept for all keys. The token is kept by the host, beside its other secrets. */
export type GlobalSettings = {
	url?: string;
	token?: string;
};

const ANSWER_MS = 1000;

export class Inspector {
	readonly #deck: Deck;
	#kept: Elsewhere = { url: "", token: "" };
	#told = "";

	constructor(deck: Deck) {
		this.#deck = deck;
		streamDeck.ui.onDidAppear(() => this.#tell());
		streamDeck.ui.onSendToPlugin((event) => this.#hear(event.payload));
		streamDeck.settings.onDidReceiveGlobalSettings<GlobalSettings>((event) =>
			this.#use(event.settings),
		);
	}

	/** Learn what is kept; a host that never answers is not waited for. */
	async start(): Promise<void> {
		const asked = streamDeck.settings.getGlobalSettings<GlobalSettings>();
		await Promise.race([
			asked.then((settings) => this.#use(settings)),
			new Promise((resolve) => setTimeout(resolve, ANSWER_MS)),
		]);
	}

	/** Tell the one that is open, if it does not know yet. */
	update(): void {
		if (streamDeck.ui.action !== undefined && JSON.stringify(this.#menu()) !== this.#told) {
			this.#tell();
		}
	}

	#tell(): void {
		const menu = this.#menu();
		this.#told = JSON.stringify(menu);
		void streamDeck.ui.sendToPropertyInspector(menu);
	}

	#menu(): JsonObject {
		const { daemon, presets, settings } = this.#deck;
		return {
			settings: settings.map(({ name }) => name),
			presets: presets.map(({ id, name }) => ({ id, name })),
			connection: {
				isOnline: daemon.isOnline,
				trouble: daemon.isOnline ? "" : daemon.trouble,
				where: daemon.where,
				url: this.#kept.url,
				// Only whether there is one: the token itself never goes back to a page.
				hasToken: this.#kept.token !== "",
			},
		};
	}

	/** Anything that an inspector says. It must not throw: the message would be logged whole. */
	#hear(said: JsonValue): void {
		if (typeof said !== "object" || said === null || Array.isArray(said)) {
			return;
		}
		if (said.ask === "menu") {
			this.#tell();
		}
		const { connection } = said;
		if (typeof connection === "object" && connection !== null && !Array.isArray(connection)) {
			this.#keep(connection);
		}
	}

	#keep(entered: JsonObject): void {
		const { url, token } = entered;
		const kept: Elsewhere = {
			url: typeof url === "string" ? url.trim() : this.#kept.url,
			// An empty field leaves the kept token alone; it goes with the address.
			token: typeof token === "string" && token !== "" ? token.trim() : this.#kept.token,
		};
		const settled = settle(kept);
		this.#use(settled);
		void streamDeck.settings.setGlobalSettings<GlobalSettings>(settled);
		this.#tell();
	}

	#use({ url = "", token = "" }: GlobalSettings): void {
		this.#kept = settle({ url, token });
		this.#deck.daemon.moveTo(this.#kept);
		this.update();
	}
}

/** Complete an address; a token within it is taken out, so that no address ever shows it. */
export function settle({ url, token }: Elsewhere): Elsewhere {
	if (url === "") {
		return { url: "", token: "" };
	}
	const withScheme = /^[a-z]+:\/\//i.test(url) ? url : `ws://${url}`;
	if (!URL.canParse(withScheme)) {
		return { url, token };
	}
	const address = new URL(withScheme.replace(/^http/i, "ws"));
	const inside = address.searchParams.get("token");
	address.search = "";
	address.hash = "";
	address.username = "";
	address.password = "";
	address.port ||= address.protocol === "ws:" ? "7262" : "";
	address.pathname = address.pathname === "/" ? "/ws" : address.pathname;
	return { url: address.href, token: inside ?? token };
}
