/** Where the daemon says how to reach it: control.json, in the places that the daemon knows. */

import { constants, lstatSync } from "node:fs";
import { type FileHandle, lstat, open, readFile, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** How to reach a daemon; `owner` is whose program must listen there (where it can be told). */
export interface Address {
	url: string;
	token: string;
	owner?: number;
}

interface Place {
	path: string;
	/** A service of the machine: its own user's file, in a folder that only that user writes. */
	shared: boolean;
}

const APP = "sana-vcam";
const FILE = "control.json";
const MAX_BYTES = 4096;

/** The places, the user's own first. */
export function places(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, uid: number): Place[] {
	const own = (folder: string): Place => ({ path: join(folder, APP, FILE), shared: false });
	const given = env.XDG_RUNTIME_DIR ?? "";
	const chosen = isPrivate(given, uid) ? [own(given)] : undefined;
	if (platform === "darwin") {
		return chosen ?? [own(join(homedir(), "Library", "Caches", "TemporaryItems"))];
	}
	if (platform === "win32") {
		return [own(join(env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "Temp"))];
	}
	return [
		...(chosen ?? [own(`/run/user/${uid}`), own(join(tmpdir(), `runtime-${uid}`))]),
		{ path: join("/run", APP, FILE), shared: true },
	];
}

/** Whether a folder is the user's alone; the daemon takes no other for its run-time files. */
function isPrivate(folder: string, uid: number): boolean {
	try {
		const found = lstatSync(folder);
		return found.isDirectory() && found.uid === uid && (found.mode & 0o777) === 0o700;
	} catch {
		// It is not there, or not ours to see.
		return false;
	}
}

/** The first daemon that can be trusted, or undefined while none runs. */
export async function findDaemon(): Promise<Address | undefined> {
	const uid = process.getuid?.() ?? -1;
	for (const place of places(process.platform, process.env, uid)) {
		const found = await read(place, uid).catch(() => undefined);
		if (found !== undefined) {
			return found;
		}
	}
	return undefined;
}

async function read(place: Place, uid: number): Promise<Address | undefined> {
	const isWindows = process.platform === "win32";
	const flags = isWindows ? "r" : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
	const file = await open(place.path, flags);
	try {
		return await readTrusted(file, place, uid);
	} finally {
		await file.close();
	}
}

async function readTrusted(
	file: FileHandle,
	place: Place,
	uid: number,
): Promise<Address | undefined> {
	const found = await file.stat();
	if (!found.isFile() || found.size > MAX_BYTES) {
		return undefined;
	}
	const isOurs = process.platform === "win32" || found.uid === uid;
	if (!(place.shared ? await isOfService(place.path, found.uid) : isOurs)) {
		return undefined;
	}
	const note: unknown = JSON.parse(await file.readFile("utf8"));
	const { url, token } = note as Partial<Address>;
	if (typeof url !== "string" || typeof token !== "string") {
		return undefined;
	}
	const address = { url, token, owner: found.uid };
	return (await isGone(address)) ? undefined : address;
}

async function isOfService(path: string, owner: number): Promise<boolean> {
	const home = await lstat(dirname(path));
	const parent = await stat(dirname(dirname(path)));
	const onlyOwnerWrites = !(home.mode & 0o022) && !(parent.mode & 0o022);
	return home.isDirectory() && home.uid === owner && onlyOwnerWrites;
}

/** Whether nobody listens any more: a daemon that was killed leaves its file. */
async function isGone(address: Address): Promise<boolean> {
	return (await listeners(address))?.length === 0;
}

/** Whether somebody else listens where the daemon was: they must not be shown its token. */
export async function isTakenByAnother(address: Address): Promise<boolean> {
	const uids = address.owner === undefined ? [] : ((await listeners(address)) ?? []);
	return uids.some((uid) => uid !== address.owner);
}

/** The users who listen on the address's port; undefined where it is not told, as only Linux does. */
async function listeners({ url }: Address): Promise<number[] | undefined> {
	const port = Number(new URL(url).port);
	const tables = ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8"));
	const texts = (await Promise.allSettled(tables)).flatMap((table) =>
		table.status === "fulfilled" ? [table.value] : [],
	);
	const rows = texts.flatMap((text) => text.split("\n")).map((line) => line.trim().split(/\s+/));
	const isListening = (row: string[]) =>
		row[3] === "0A" && Number.parseInt(row[1]?.split(":")[1] ?? "", 16) === port;
	return texts.length > 0 ? rows.filter(isListening).map((row) => Number(row[7])) : undefined;
}
