// A file that is sent in pieces: a message has room for less than a picture.

const PIECE_BYTES = 45000; // 60000 characters in base64
const TOO_SOON_MS = 100;

/**
 * Send a file by one command after the other; resolves to the reply to the last piece.
 * `fields` go with each piece, `told(share)` hears how far it is; rejects with a `CommandError`.
 */
export async function sendInPieces(ask, type, file, fields, told) {
  const data = new Uint8Array(await file.arrayBuffer());
  let reply;
  let start = 0;
  do {
    told(data.length === 0 ? 0 : start / data.length);
    const piece = btoa(String.fromCharCode(...data.subarray(start, start + PIECE_BYTES)));
    start += PIECE_BYTES;
    reply = await patiently(() => ask(type, { ...fields, data: piece, more: start < data.length }));
  } while (start < data.length);
  return reply;
}

async function patiently(send) {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (error.code !== "rate_limited") throw error;
      await new Promise((resolve) => setTimeout(resolve, TOO_SOON_MS));
    }
  }
}
