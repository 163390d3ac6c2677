/** True for text that V8 keeps with two bytes for each letter: one with a letter beyond Latin-1. */
export function isWide(text: string): boolean {
  return BEYOND_LATIN.test(text)
}

const BEYOND_LATIN = /[^\0-\u00ff]/

/** V8 copies shorter parts of a text. */
const SHORTEST_PART = 13

/**
 * The same text with memory of its own, in one piece. A part of another text keeps all of that, and a text that was put
 * together may keep its parts.
 */
export function ownText(text: string): string {
  if (text.length < SHORTEST_PART) return text
  const encoding = isWide(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding)
}
