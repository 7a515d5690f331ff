/** The words of the daemon's control API that keys need; see docs/control-api.md. */

export interface Preset {
	id: string;
	name: string;
	prompt: string;
	/** The path of its still, with a version that changes with the picture. */
	thumbnail?: string | null;
}

/** What keys show of the daemon's state; an older daemon lacks the last ones. */
export interface State {
	output: string;
	session: string;
	session_s: number | null;
	prompt: string;
	preset: string | null;
	paused: boolean;
	blank: boolean;
	freeze: boolean;
	fps_output: number;
	error: string | null;
	quality?: string | null;
	cost_session?: number | null;
	currency?: string;
	/** A sentence while a cap is near or has stopped the session. */
	budget?: string | null;
	/** Whether a session costs anything at all, and whether one is billed now. */
	billable?: boolean;
	billing?: boolean;
	/** How late viewers see the camera, in milliseconds. */
	glass_ms?: number | null;
	/** The microphone that is as late; null until it was switched on once. */
	voice?: Voice | null;
	/** The playlist that plays. */
	playlist?: Playlist | null;
	/** How far the look is that is rehearsed off air: coming, ready, taking or back. */
	rehearsal?: string | null;
	/** Whether what viewers see is held, for clips and recordings. */
	clips?: boolean;
	recording?: Recording | null;
	/** Why clips or a recording have ended. */
	keep_error?: string | null;
}

/** The recording that runs. */
export interface Recording {
	/** How long it is by now. */
	seconds: number;
}

export interface Playlist {
	name: string;
	/** Which of its looks is on, from 1 on, and how many there are. */
	entry: number;
	entries: number;
	look: string;
}

export interface Voice {
	on: boolean;
	state: string;
	delay_ms: number;
}

export type SettingValue = string | number | boolean;

/** A setting of the model that runs. */
export interface Setting {
	name: string;
	kind: string;
	choices: string[];
	value: SettingValue | null;
}

/** All values of a setting that has few: its words, or on and off. */
export function valuesOf({ kind, choices }: Setting): SettingValue[] {
	return kind === "boolean" ? [false, true] : choices;
}

/** A command that the daemon refused, or that it could not be asked. */
export class Refused extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.name = "Refused";
		this.code = code;
	}
}
