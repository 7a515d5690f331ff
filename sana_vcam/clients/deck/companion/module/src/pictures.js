// Pictures for buttons: a still from the daemon, or a plain tile, as a square PNG.
//
// A picture is { size, rgb }: rows of three bytes per pixel.

import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import jpeg from 'jpeg-js'

// Twice a button's 72 pixels, for the keys that have more.
const SIZE = 144
const LIT = [70, 220, 130]
const FRAME = 8
const MAX_DECODE_MB = 64

/** @param {Buffer} data a JPEG of any size; its middle is kept */
export function fromJpeg(data) {
	const { width, height, data: rgb } = jpeg.decode(data, {
		useTArray: true,
		formatAsRGBA: false,
		maxMemoryUsageInMB: MAX_DECODE_MB,
	})
	const side = Math.min(width, height)
	const left = (width - side) >> 1
	const top = (height - side) >> 1
	return paint((x, y, channel) => {
		const fromX = left + ((x + 0.5) * side) / SIZE - 0.5
		const fromY = top + ((y + 0.5) * side) / SIZE - 0.5
		return between(rgb, width, height, fromX, fromY, channel)
	})
}

/** A tile in a colour of its own, for a look that has no still yet. */
export function tile(id) {
	const hue = createHash('sha256').update(id).digest().readUInt16BE(0) % 360
	return paint((x, y, channel) => {
		const light = 0.34 - (0.16 * (x + y)) / (2 * SIZE)
		return 255 * (light + 0.18 * Math.cos(((hue + [0, 240, 120][channel]) * Math.PI) / 180))
	})
}

/** The PNG in base64: darker below, where the name stands; with a frame while the look is on. */
export function toPng64({ size, rgb }, isLit) {
	const rows = Buffer.alloc(size * (size * 3 + 1))
	for (let y = 0; y < size; y++) {
		const shade = 1 - 0.85 * Math.min(1, Math.max(0, (y / size - 0.4) / 0.4))
		for (let x = 0; x < size; x++) {
			const isFrame = isLit && Math.min(x, y, size - 1 - x, size - 1 - y) < FRAME
			for (let channel = 0; channel < 3; channel++) {
				const value = isFrame ? LIT[channel] : rgb[(y * size + x) * 3 + channel] * shade
				rows[y * (size * 3 + 1) + 1 + x * 3 + channel] = value
			}
		}
	}
	return png(size, rows).toString('base64')
}

function paint(colour) {
	const rgb = new Uint8ClampedArray(SIZE * SIZE * 3)
	for (let at = 0; at < rgb.length; at++) {
		const pixel = Math.floor(at / 3)
		rgb[at] = colour(pixel % SIZE, Math.floor(pixel / SIZE), at % 3)
	}
	return { size: SIZE, rgb }
}

/** Bilinear. */
function between(rgb, width, height, x, y, channel) {
	const x0 = Math.max(0, Math.floor(x))
	const y0 = Math.max(0, Math.floor(y))
	const x1 = Math.min(width - 1, x0 + 1)
	const y1 = Math.min(height - 1, y0 + 1)
	const at = (column, row) => rgb[(row * width + column) * 3 + channel]
	const fx = Math.max(0, x - x0)
	const fy = Math.max(0, y - y0)
	const above = at(x0, y0) * (1 - fx) + at(x1, y0) * fx
	return above * (1 - fy) + (at(x0, y1) * (1 - fx) + at(x1, y1) * fx) * fy
}

function png(size, rows) {
	const header = Buffer.alloc(13)
	header.writeUInt32BE(size, 0)
	header.writeUInt32BE(size, 4)
	header.set([8, 2, 0, 0, 0], 8) // 8 bits, RGB
	const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
	const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]
	return Buffer.concat([signature, ...parts])
}

function chunk(name, data) {
	const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
	const whole = Buffer.alloc(body.length + 8)
	whole.writeUInt32BE(data.length, 0)
	body.copy(whole, 4)
	whole.writeUInt32BE(crc32(body), body.length + 4)
	return whole
}
