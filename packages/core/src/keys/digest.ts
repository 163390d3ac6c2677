import { hash } from 'node:crypto'

/** A text's fingerprint in two halves of 128 bits that say nothing about each other. */
export interface Digest {
  /** First half, base64url, 22 characters: names the entry. */
  readonly name: string
  /** Second half, base64url, 22 characters: stored inside the entry and compared on every hit. */
  readonly proof: string
}

/**
 * SHA-256 of `text` (UTF-8), cut in two. Two texts under one name are told apart by their proof, so a clash of
 * names is a miss and never another query's result. `text` must be well-formed, as canonical texts are.
 */
export function digest(text: string): Digest {
  const bytes = hash('sha256', text, 'buffer')
  return { name: bytes.toString('base64url', 0, 16), proof: bytes.toString('base64url', 16, 32) }
}
