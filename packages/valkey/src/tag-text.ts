import type { TagState } from '@larder/core'

/** What a tag's text says: its nonce, and whether a mark follows it. */
export function stateOf(text: string | null | undefined): TagState {
  if (text === null || text === undefined) return null
  const bar = text.indexOf('|')
  return bar < 0 ? { nonce: text, dirty: false } : { nonce: text.slice(0, bar), dirty: true }
}
