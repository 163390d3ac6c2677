import type { TagState } from '@larder/core/store'
import type { Reply } from '../connection/send.ts'

const BAR = 0x7c

/**
 * Parses a tag's text: its nonce, and whether marks follow it.
 * @param incarnation of the node that replied: a nonce means nothing in another one.
 */
export function stateOf(text: Reply | undefined, incarnation: string): TagState {
  if (!Buffer.isBuffer(text)) return null
  const bar = text.indexOf(BAR)
  return bar < 0
    ? { nonce: `${text.toString('latin1')}@${incarnation}`, dirty: false }
    : { nonce: `${text.toString('latin1', 0, bar)}@${incarnation}`, dirty: true }
}
