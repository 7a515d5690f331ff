// Colours for a look without a still: what its words suggest, else a hue of its own.

/** Words of a prompt, and the hue (degrees) and strength (percent) that they suggest. */
const SUGGESTED = [
  [/black and white|noir|pencil|graphite|charcoal|monochrome/, 220, 4],
  [/golden|sunset|warm|amber|sepia|1970s|renaissance|vintage/, 34, 52],
  [/van gogh|starry/, 216, 62],
  [/neon|magenta|cyberpunk|synthwave/, 312, 66],
  [/forest|jungle|plants|meadow|moss/, 146, 38],
  [/beach|tropical|turquoise|lagoon/, 182, 54],
  [/underwater|reef|ocean|sea\b/, 200, 60],
  [/snow|winter|ice|frost/, 206, 30],
  [/space|galaxy|earth|nebula/, 246, 44],
  [/library|wood|speakeasy|lounge|brick|clay/, 22, 42],
  [/office|studio|white shirt/, 212, 22],
];

/** The hue and the strength of a preset's swatch. */
export function swatch({ id, prompt }) {
  const words = prompt.toLowerCase();
  const found = SUGGESTED.find(([pattern]) => pattern.test(words));
  if (found) return { hue: found[1], strength: found[2] };
  if (!words) return { hue: 215, strength: 10 };
  return { hue: ownHue(id), strength: 36 };
}

/** A hue that stays the same for an id, and differs between most. */
function ownHue(id) {
  let sum = 7;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}
