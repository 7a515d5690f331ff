/** What every key looks at: the daemon's newest state, the presets, their stills; and the asking. */

import { Daemon } from "./daemon/daemon.ts";
import { type Preset, Refused, type Setting, type State, valuesOf } from "./words.ts";

/** What "press again" does: go to this preset; "" is the one without an edit, "-" is nothing. */
export type Off = string;

const STILLS_KEPT = 64;
/** How long a choice of ours may stay unconfirmed by a state before the state is believed again. */
const CONFIRMED_WITHIN_MS = 1500;

/** Something that we asked for and that the next states will show; fast presses build on it. */
class Wanted<T> {
	#value: { value: T } | undefined;
	#timer: NodeJS.Timeout | undefined;

	/** What counts now: our wish while it is unconfirmed, else what the state says. */
	over(actual: T): T {
		return this.#value === undefined ? actual : this.#value.value;
	}

	set(value: T): void {
		this.#value = { value };
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.drop(), CONFIRMED_WITHIN_MS).unref();
	}

	/** The state says `actual`: a wish that has come true is one no longer. */
	confirm(actual: T): void {
		if (this.#value?.value === actual) {
			this.drop();
		}
	}

	drop(): void {
		this.#value = undefined;
		clearTimeout(this.#timer);
	}
}

export class Deck {
	state: State | undefined;
	presets: Preset[] = [];
	/** Of the model that runs; none where the daemon does not tell them. */
	settings: Setting[] = [];
	readonly daemon: Daemon;
	/** Called after everything that a key may show. */
	onChange: () => void = () => {};
	onConnection: (isOnline: boolean) => void = () => {};
	readonly #stills = new Map<string, string | null>();
	#stillsFrom = "";
	#hasPresets = false;
	readonly #preset = new Wanted<string | null>();
	readonly #prompt = new Wanted<string>();
	readonly #paused = new Wanted<boolean>();
	readonly #values = new Map<string, Wanted<Setting["value"]>>();
	/** Steps through choices build on each other, however fast the presses come. */
	#lastStep: Promise<unknown> = Promise.resolve();

	constructor() {
		this.daemon = new Daemon({
			onOnline: (isOnline) => this.#onOnline(isOnline),
			onEvent: (type, data) => this.#onEvent(type, data),
		});
	}

	/** The state while connected, once the looks are known too; keys draw "offline" without it. */
	get live(): State | undefined {
		return this.daemon.isOnline && this.#hasPresets ? this.state : undefined;
	}

	find(id: string | null | undefined): Preset | undefined {
		return this.presets.find((preset) => preset.id === id);
	}

	/** The preset `by` places from the active one, as the daemon steps; undefined without any. */
	neighbour(by: number): Preset | undefined {
		const active = this.state?.preset;
		const here = this.presets.findIndex((preset) => preset.id === active);
		const plain = this.presets.findIndex((preset) => preset.prompt === "");
		const start = here >= 0 ? here : plain >= 0 ? plain : by > 0 ? -1 : 0;
		const count = this.presets.length;
		return this.presets[(((start + by) % count) + count) % count];
	}

	/** The still of a look as a data URI, if there is one; fetched once for each version. */
	still(preset: Preset | undefined): string | undefined {
		const version = preset?.thumbnail;
		if (preset === undefined || typeof version !== "string") {
			return undefined;
		}
		if (!this.#stills.has(version)) {
			this.#stills.set(version, null);
			void this.#fetchStill(preset.id, version);
		}
		return this.#stills.get(version) ?? undefined;
	}

	/** Apply a preset, or what `off` says if it is the active one already. */
	async togglePreset(id: string, off: Off): Promise<void> {
		const isOn = this.#preset.over(this.state?.preset ?? null) === id;
		await this.applyPreset((isOn && this.#offPreset(off)) || id);
	}

	async applyPreset(id: string): Promise<void> {
		this.#preset.set(id);
		await this.daemon.send("apply_preset", { id }).catch((error: unknown) => {
			this.#preset.drop();
			throw error;
		});
	}

	/** Go to where `off` says, if it says so. */
	async leaveLook(off: Off): Promise<void> {
		const away = this.#offPreset(off);
		if (away !== undefined) {
			await this.applyPreset(away);
		}
	}

	/** Ask for a prompt, or for what `off` says if it is the active one already. */
	async togglePrompt(prompt: string, off: Off): Promise<void> {
		const isOn = this.#prompt.over(this.isPrompted(prompt) ? prompt : "") === prompt;
		const away = isOn ? this.#offPreset(off) : undefined;
		this.#prompt.set(away === undefined ? prompt : "");
		if (away !== undefined) {
			await this.applyPreset(away);
			return;
		}
		await this.daemon.send("set_prompt", { prompt }).catch((error: unknown) => {
			this.#prompt.drop();
			throw error;
		});
	}

	/** Whether the picture is driven by this free text. */
	isPrompted(prompt: string): boolean {
		return prompt !== "" && this.live?.prompt === prompt && this.live.preset === null;
	}

	/** Pause or resume; undefined is the other of the two. */
	async pause(on: boolean | undefined): Promise<void> {
		const paused = on ?? !this.#paused.over(this.state?.paused ?? false);
		this.#paused.set(paused);
		await this.daemon.send(paused ? "pause" : "resume").catch((error: unknown) => {
			this.#paused.drop();
			throw error;
		});
	}

	/** Carry the microphone or stop it; undefined is the other of the two. */
	async voice(on: boolean | undefined): Promise<void> {
		await this.daemon.send("set_voice", on === undefined ? {} : { on });
	}

	/** Play a playlist; one that plays already goes on to its next look, and so does "". */
	async play(name: string): Promise<void> {
		const isOn = name === "" || this.state?.playlist?.name === name;
		await this.daemon.send("play", { name: isOn ? "next" : name });
	}

	/** Whether a look is rehearsed that can be taken, or put back. */
	get rehearses(): boolean {
		return ["coming", "ready"].includes(this.live?.rehearsal ?? "");
	}

	/** Whether it is this look. */
	isRehearsed(id: string): boolean {
		return this.rehearses && this.live?.preset === id;
	}

	/** Rehearse a look; the one that is rehearsed already is put back. */
	async toggleRehearsal(id: string): Promise<void> {
		const isOn = this.isRehearsed(id);
		await (isOn ? this.daemon.send("back") : this.daemon.send("rehearse", { preset: id }));
	}

	/** Record what viewers see or end that; undefined is the other of the two. */
	async record(on: boolean | undefined): Promise<void> {
		await this.daemon.send("record", on === undefined ? {} : { on });
	}

	setting(name: string): Setting | undefined {
		const told = this.settings.find((setting) => setting.name === name);
		return told && { ...told, value: this.#value(name).over(told.value) };
	}

	/** Give a setting of the model a value; "" is the next of its choices. */
	async changeSetting(name: string, value: string): Promise<void> {
		const step = this.#lastStep.then(() => this.#changeSetting(name, value));
		this.#lastStep = step.catch(() => undefined);
		await step;
	}

	async #changeSetting(name: string, text: string): Promise<void> {
		const setting = this.setting(name);
		const all = setting === undefined ? [] : valuesOf(setting);
		const now = all.indexOf(setting?.value ?? all[0] ?? "");
		const value = text === "" ? all[(now + 1) % all.length] : text;
		if (value === undefined) {
			throw new Refused("not_set", "no value is written for this key");
		}
		await this.daemon.send("set_setting", { name, value });
		if (setting !== undefined && text === "") {
			this.#value(name).set(value);
		}
	}

	#value(name: string): Wanted<Setting["value"]> {
		const wanted = this.#values.get(name) ?? new Wanted<Setting["value"]>();
		this.#values.set(name, wanted);
		return wanted;
	}

	/**
	 * Blank or freeze. Only an order to show the picture again stands in line behind what was
	 * asked before it: a look that is still on its way is then not shown too early.
	 */
	async cover(command: "blank" | "freeze", on: boolean | undefined): Promise<void> {
		if (on === false) {
			await this.daemon.send(command, { on });
			return;
		}
		await this.daemon.sendAtOnce(command, on === undefined ? {} : { on });
	}

	#offPreset(off: Off): string | undefined {
		if (off === "-") {
			return undefined;
		}
		return off === "" ? this.presets.find((preset) => preset.prompt === "")?.id : off;
	}

	#onOnline(isOnline: boolean): void {
		if (!isOnline) {
			this.state = undefined;
			this.#hasPresets = false;
			this.settings = [];
			this.#values.clear();
		} else if (this.#stillsFrom !== this.daemon.where) {
			// Another daemon counts its versions by itself.
			this.#stillsFrom = this.daemon.where;
			this.#stills.clear();
		} else {
			// What failed to arrive may be had from this connection.
			this.#forgetMissingStills();
		}
		this.onConnection(isOnline);
		this.onChange();
	}

	#onEvent(type: string, data: unknown): void {
		if (type === "state") {
			this.state = data as State;
			this.#preset.confirm(this.state.preset);
			this.#prompt.confirm(this.state.preset === null ? this.state.prompt : "");
			this.#paused.confirm(this.state.paused);
		} else if (type === "stats" && this.state !== undefined) {
			this.state = { ...this.state, ...(data as Partial<State>) };
		} else if (type === "presets") {
			this.#hasPresets = true;
			this.presets = (data as { presets: Preset[] }).presets;
		} else if (type === "settings") {
			this.settings = (data as { settings: Setting[] }).settings;
			for (const { name, value } of this.settings) {
				this.#value(name).confirm(value);
			}
		}
		this.onChange();
	}

	async #fetchStill(id: string, version: string): Promise<void> {
		try {
			const picture = await this.daemon.send("thumbnail", { id });
			const { mime, data } = picture as { mime: string; data: string };
			this.#stills.set(version, `data:${mime};base64,${data}`);
			this.#forgetOldStills();
			this.onChange();
		} catch {
			// A still that is not there (any more) is drawn as a tile; the next version asks again.
			this.#stills.set(version, null);
		}
	}

	#forgetOldStills(): void {
		const used = new Set(this.presets.map((preset) => preset.thumbnail));
		for (const version of this.#stills.keys()) {
			if (this.#stills.size > STILLS_KEPT && !used.has(version)) {
				this.#stills.delete(version);
			}
		}
	}

	#forgetMissingStills(): void {
		for (const [version, still] of this.#stills) {
			if (still === null) {
				this.#stills.delete(version);
			}
		}
	}
}
