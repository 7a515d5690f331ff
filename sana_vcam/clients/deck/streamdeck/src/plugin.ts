/** The plugin: its keys and dials, wired to one daemon. */

import streamDeck from "@elgato/streamdeck";

import { DialLooksAction } from "./actions/dial.ts";
import {
	LookAction,
	PlaylistAction,
	PromptAction,
	SettingAction,
	StatusAction,
	StepAction,
	SwitchAction,
} from "./actions/keys.ts";
import { ClipAction, DecisionAction, RehearsalAction } from "./actions/offair.ts";
import { Deck } from "./deck.ts";
import { Inspector } from "./inspector.ts";
import { Painter } from "./painter.ts";

// Below this level the SDK writes whole messages, with what was typed into an inspector.
streamDeck.logger.setLevel("info");

const deck = new Deck();
const actions = [
	new LookAction(deck),
	new PromptAction(deck),
	new StepAction(deck, 1),
	new StepAction(deck, -1),
	new SwitchAction(deck, "blank"),
	new SwitchAction(deck, "freeze"),
	new SwitchAction(deck, "pause"),
	new SwitchAction(deck, "voice"),
	new SettingAction(deck),
	new PlaylistAction(deck),
	new RehearsalAction(deck),
	new DecisionAction(deck, "take"),
	new DecisionAction(deck, "back"),
	new ClipAction(deck),
	new SwitchAction(deck, "record"),
	new StatusAction(deck),
	new DialLooksAction(deck),
];
const inspector = new Inspector(deck);
const painter = new Painter(() => {
	inspector.update();
	return actions.map((action) => action.paint()).includes(true);
});

deck.onChange = () => painter.ask();
deck.onConnection = logConnection();

for (const action of actions) {
	streamDeck.actions.registerAction(action);
}
streamDeck.system.onSystemDidWakeUp(() => {
	deck.daemon.look();
	redraw();
});
streamDeck.devices.onDeviceDidConnect(redraw);

await streamDeck.connect();
// First, so that no press reaches this computer's daemon where another one is meant.
await inspector.start();
void deck.daemon.run();

/** A device that slept or was away may have lost its pictures. */
function redraw(): void {
	for (const action of actions) {
		action.forget();
	}
	painter.ask();
}

/** Log only changes: an absent daemon is looked for every few seconds. */
function logConnection(): (isOnline: boolean) => void {
	let last: string | undefined;
	return (isOnline) => {
		const { where, trouble } = deck.daemon;
		const now = isOnline ? `connected to ${where}` : `offline: ${trouble}`;
		if (now !== last) {
			last = now;
			streamDeck.logger.info(now);
		}
	};
}
