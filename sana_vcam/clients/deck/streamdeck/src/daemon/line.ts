/** One WebSocket to the daemon: requests with ids, and events. */

import WebSocket from "ws";

import { Refused } from "../words.ts";
import { Pace } from "./pace.ts";
import type { Address } from "./places.ts";

interface Message {
	type: string;
	id?: number;
	data?: unknown;
}

interface Waiting {
	resolve: (data: unknown) => void;
	reject: (error: Refused) => void;
}

export type OnEvent = (type: string, data: unknown) => void;

const HANDSHAKE_MS = 5000;
const PROBE_MS = 4000;
// A little below what the daemon grants (50 a second, 100 at once).
const RATE_HZ = 40;
const BURST = 80;

export class Line {
	/** Resolved, with the reason in words, once the line is down. */
	readonly closed: Promise<string>;
	readonly #socket: WebSocket;
	readonly #onEvent: OnEvent;
	readonly #pace = new Pace(RATE_HZ, BURST);
	readonly #waiting = new Map<number, Waiting>();
	#lastId = 0;
	#patience: NodeJS.Timeout | undefined;

	private constructor(socket: WebSocket, onEvent: OnEvent) {
		this.#socket = socket;
		this.#onEvent = onEvent;
		socket.on("message", (raw) => this.#read(String(raw)));
		socket.on("pong", () => this.#endProbe());
		this.closed = new Promise((resolve) => {
			socket.once("close", (_code, reason) => {
				const why = reason.length > 0 ? String(reason) : "the daemon has gone";
				this.#endProbe();
				this.#failAll(why);
				resolve(why);
			});
		});
	}

	/**
	 * Connect; rejects with a sentence that says what is wrong. `onEvent` gets every event from the
	 * first on, which comes at once.
	 */
	static open(address: Address, onEvent: OnEvent): Promise<Line> {
		const { promise, resolve, reject } = withResolvers<Line>();
		const headers = address.token === "" ? {} : { Authorization: `Bearer ${address.token}` };
		const socket = new WebSocket(address.url, {
			headers,
			handshakeTimeout: HANDSHAKE_MS,
			perMessageDeflate: false,
		});
		// The Stream Deck's own connection is what keeps the plugin alive, not the daemon's.
		socket.once("upgrade", (response) => response.socket.unref());
		const line = new Line(socket, onEvent);
		socket.once("open", () => resolve(line));
		socket.once("unexpected-response", (request, response) => {
			request.destroy();
			reject(new Error(refusal(response.statusCode ?? 0)));
		});
		socket.on("error", (error) => reject(new Error(inWords(error))));
		return promise;
	}

	/** Send a command; resolves with the reply's data or rejects with `Refused`. */
	request(type: string, data: object = {}): Promise<unknown> {
		const { promise, resolve, reject } = withResolvers<unknown>();
		this.#lastId += 1;
		const id = this.#lastId;
		this.#waiting.set(id, { resolve, reject });
		if (this.#socket.readyState !== WebSocket.OPEN) {
			this.#failAll("not connected");
			return promise;
		}
		this.#pace.run(() => this.#socket.send(JSON.stringify({ type, id, data })));
		return promise;
	}

	/** Ask whether the other end is still there; without an answer the line is taken down. */
	probe(): void {
		if (this.#patience === undefined && this.#socket.readyState === WebSocket.OPEN) {
			this.#patience = setTimeout(() => this.#socket.terminate(), PROBE_MS).unref();
			this.#socket.ping();
		}
	}

	close(): void {
		this.#socket.terminate();
	}

	#endProbe(): void {
		clearTimeout(this.#patience);
		this.#patience = undefined;
	}

	#read(text: string): void {
		let message: Message;
		try {
			message = parsed(text);
		} catch {
			// Whoever this is, it is not the daemon.
			this.#socket.terminate();
			return;
		}
		const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
		if (message.id === undefined || waiting === undefined) {
			this.#onEvent(message.type, message.data);
			return;
		}
		this.#waiting.delete(message.id);
		if (message.type === "ok") {
			waiting.resolve(message.data);
			return;
		}
		const said = message.data as { code?: string; message?: string };
		waiting.reject(new Refused(said.code ?? "internal", said.message ?? "refused"));
	}

	/** A command that was under way may have run: it is not sent again, its key says so. */
	#failAll(why: string): void {
		this.#pace.stop();
		const left = [...this.#waiting.values()];
		this.#waiting.clear();
		for (const waiting of left) {
			waiting.reject(new Refused("offline", why));
		}
	}
}

function parsed(text: string): Message {
	const message: unknown = JSON.parse(text);
	const { type, data } = message as Message;
	if (typeof type !== "string" || typeof data !== "object" || data === null) {
		throw new TypeError("no message of the daemon's");
	}
	return message as Message;
}

interface Resolvers<T> {
	promise: Promise<T>;
	resolve: (value: T) => void;
	reject: (error: Error) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): Resolvers<T> {
	let resolve!: Resolvers<T>["resolve"];
	let reject!: Resolvers<T>["reject"];
	const promise = new Promise<T>((yes, no) => {
		resolve = yes;
		reject = no;
	});
	return { promise, resolve, reject };
}

function refusal(status: number): string {
	switch (status) {
		case 401:
			return "the daemon does not take this token";
		case 403:
		case 421:
			return "the daemon answers this machine's programs only; use an SSH tunnel";
		case 503:
			return "the daemon has too many clients";
		default:
			return `something else answers there (HTTP ${status})`;
	}
}

function inWords(error: Error): string {
	const { code } = error as NodeJS.ErrnoException;
	return code === "ECONNREFUSED" ? "nothing answers there" : (code ?? error.message);
}
