// Which looks are shown: all, favourites, a kind of them, one's own groups. Pure functions but for the memory.

import { PROMPTS } from "./builtin.js";
import { recall, remember } from "./memory.js";

/** The kinds of the built-in looks. */
export const KINDS = {
  "Drawn and painted": ["van-gogh", "watercolor", "pencil", "renaissance", "stained-glass", "woodblock", "anime", "comic"],
  "Made of something": ["clay", "papercraft", "pixel", "low-poly"],
  "Film and light": ["noir", "vintage", "neon", "cyberpunk", "golden-hour", "studio-light"],
  Places: ["office", "library", "loft", "speakeasy", "beach", "forest", "snow", "space", "underwater"],
  Clothes: ["suit", "sweater"],
};
export const ALL = "All looks";
export const FAVOURITES = "Favourites";
export const OWN = "Your own";
/** The names that no group of the user's own can have. */
export const FIXED = [ALL, FAVOURITES, OWN];

const isOwn = ({ id }) => !Object.hasOwn(PROMPTS, id);

/** Whether a look belongs to a group; one of the user's own takes the place of the look's kind. */
export function isIn(group, preset, favourites) {
  if (group === ALL) return true;
  if (group === FAVOURITES) return favourites.includes(preset.id);
  if (group === OWN) return isOwn(preset);
  return preset.group ? preset.group === group : (KINDS[group]?.includes(preset.id) ?? false);
}

/** The groups of the user's own, by name. */
export function ownGroups(presets) {
  const names = new Set(presets.map(({ group }) => group).filter((group) => group && !FIXED.includes(group)));
  return [...names].sort((one, other) => one.localeCompare(other));
}

/** The groups that there are looks of; favourites always, since that is how one hears of them. */
export function groupsOf(presets, favourites) {
  const own = ownGroups(presets);
  const kinds = [...Object.keys(KINDS).filter((kind) => !own.includes(kind)), OWN];
  return [ALL, FAVOURITES, ...own, ...kinds.filter((group) => presets.some((one) => isIn(group, one, favourites)))];
}

/** The looks of a group: favourites first, but in the whole list, whose order the keys 1 to 9 follow. */
export function inOrder(group, presets, favourites) {
  if (group === ALL) return presets;
  const isLiked = ({ id }) => favourites.includes(id);
  return [...presets.filter(isLiked), ...presets.filter((one) => !isLiked(one))];
}

/** The picture that ships with a look; none if it is another prompt or goes with an image. */
export function shippedPicture({ id, prompt, image }) {
  const isAsShipped = Object.hasOwn(PROMPTS, id) && PROMPTS[id] === prompt && !image;
  return isAsShipped ? `/dashboard/looks/${id}.webp` : null;
}

/** The favourites, by id, as this browser remembers them. */
export const favourites = () => recall("favourites", []);

/** Make a look a favourite, or no longer. */
export function favour(id, on) {
  const others = favourites().filter((one) => one !== id);
  remember("favourites", on ? [...others, id] : others);
}

/** A look has another short name now. */
export function renameFavourite(before, id) {
  if (before === id || !favourites().includes(before)) return;
  favour(before, false);
  favour(id, true);
}
