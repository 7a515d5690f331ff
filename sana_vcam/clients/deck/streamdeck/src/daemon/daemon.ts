/** The daemon as keys see it: found, followed, asked; or offline, with the reason. */

import { Refused } from "../words.ts";
import { Line, type OnEvent } from "./line.ts";
import { type Address, findDaemon, isTakenByAnother } from "./places.ts";

/** A daemon of another computer, as the user entered it; empty means: find the one here. */
export interface Elsewhere {
	url: string;
	token: string;
}

export interface Listener {
	/** Connected or no longer. */
	onOnline(isOnline: boolean): void;
	onEvent(type: string, data: unknown): void;
}

interface Lines {
	ordered: Line;
	urgent: Line;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
const PROBE_EVERY_MS = 10_000;
const FIRST_ANSWER_MS = 5000;
const NO_DAEMON = "something else answers there, not sana-vcam";
const EVENTS = ["state", "presets", "stats"];
/** What an older daemon does not tell. */
const NEWER_EVENTS = ["settings"];

export class Daemon {
	/** Why it is offline, in words for people. */
	trouble = "not looked for yet";
	/** Where it is; never with the token. */
	where = "";
	readonly #listener: Listener;
	#elsewhere: Elsewhere = { url: "", token: "" };
	#lines: Lines | undefined;
	#hurry: () => void = () => {};
	#generation = 0;

	constructor(listener: Listener) {
		this.#listener = listener;
	}

	get isOnline(): boolean {
		return this.#lines !== undefined;
	}

	/** Stay connected for ever. control.json is read anew each time: port and token may change. */
	async run(): Promise<never> {
		let pause = FIRST_PAUSE_MS;
		for (;;) {
			try {
				await this.#follow(() => {
					pause = FIRST_PAUSE_MS;
				});
			} catch (error) {
				this.trouble = (error as Error).message;
				this.#listener.onOnline(false);
			}
			await this.#rest(pause);
			pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
		}
	}

	/** Use another daemon from now on, or the one here again. */
	moveTo(elsewhere: Elsewhere): void {
		const { url, token } = this.#elsewhere;
		if (elsewhere.url === url && elsewhere.token === token) {
			return;
		}
		this.#elsewhere = elsewhere;
		this.#generation += 1;
		this.#drop();
		this.#hurry();
	}

	/** Look now: the computer woke up, or a key was pressed while offline. */
	look(): void {
		this.#hurry();
		this.#lines?.ordered.probe();
	}

	/** Send a command behind those sent before. */
	send(type: string, data: object = {}): Promise<unknown> {
		return this.#on("ordered", type, data);
	}

	/**
	 * Send a command that waits for nothing: the daemon answers one after the other on a
	 * connection, and hiding the picture must not wait for the model to take a prompt.
	 */
	sendAtOnce(type: string, data: object = {}): Promise<unknown> {
		return this.#on("urgent", type, data);
	}

	#on(line: keyof Lines, type: string, data: object): Promise<unknown> {
		if (this.#lines === undefined) {
			this.look();
			return Promise.reject(new Refused("offline", this.trouble));
		}
		return this.#lines[line].request(type, data);
	}

	/** One connection from its beginning to its end; throws the reason for the end. */
	async #follow(connected: () => void): Promise<never> {
		const generation = this.#generation;
		const address = await this.#address();
		this.where = address.url;
		if (await isTakenByAnother(address)) {
			throw new Error("the daemon has gone, and another user listens there");
		}
		let newer: string[] = [];
		const [ordered, urgent] = await openBoth(address, (type, data) => {
			if (type === "hello") {
				const { events } = data as { events?: string[] };
				newer = NEWER_EVENTS.filter((event) => events?.includes(event));
			}
			this.#listener.onEvent(type, data);
		});
		const lines = { ordered, urgent };
		try {
			await inTime(urgent.request("subscribe", { events: [] }));
			await inTime(ordered.request("subscribe", { events: EVENTS }));
			if (newer.length > 0) {
				await inTime(ordered.request("subscribe", { events: [...EVENTS, ...newer] }));
			}
			if (generation !== this.#generation) {
				throw new Error("another daemon was chosen");
			}
			this.#lines = lines;
			connected();
			this.#listener.onOnline(true);
			throw new Error(await this.#untilDown(lines));
		} finally {
			this.#lines = undefined;
			ordered.close();
			urgent.close();
		}
	}

	async #untilDown({ ordered, urgent }: Lines): Promise<string> {
		const timer = setInterval(() => {
			ordered.probe();
			urgent.probe();
		}, PROBE_EVERY_MS).unref();
		try {
			return await Promise.race([ordered.closed, urgent.closed]);
		} finally {
			clearInterval(timer);
		}
	}

	async #address(): Promise<Address> {
		if (this.#elsewhere.url !== "") {
			return this.#elsewhere;
		}
		this.where = "";
		const found = await findDaemon();
		if (found === undefined) {
			throw new Error("sana-vcam is not running on this computer");
		}
		return found;
	}

	#drop(): void {
		this.#lines?.ordered.close();
		this.#lines?.urgent.close();
	}

	async #rest(pause: number): Promise<void> {
		await new Promise<void>((resolve) => {
			this.#hurry = resolve;
			setTimeout(resolve, pause).unref();
		});
		this.#hurry = () => {};
	}
}

/** Wait for a first answer; who does not give it is somebody else. */
async function inTime(answer: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error(NO_DAEMON)), FIRST_ANSWER_MS).unref();
	});
	try {
		await Promise.race([answer, late]);
	} catch {
		throw new Error(NO_DAEMON);
	} finally {
		clearTimeout(timer);
	}
}

/** Open both lines; when one fails, the other is closed. Only the first one's events are told. */
async function openBoth(address: Address, onEvent: OnEvent): Promise<[Line, Line]> {
	const opening = [Line.open(address, onEvent), Line.open(address, () => {})];
	const opened = await Promise.allSettled(opening);
	const lines = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
	const failed = opened.find((one) => one.status === "rejected");
	const [first, second] = lines;
	if (failed !== undefined || first === undefined || second === undefined) {
		for (const line of lines) {
			line.close();
		}
		throw failed?.reason ?? new Error("cannot connect");
	}
	return [first, second];
}
