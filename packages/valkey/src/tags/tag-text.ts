import type { TagState } from '@larder/core/store'
import type { Answer } from '../connection/send.ts'

const BAR = 0x7c

/**
 * What a tag's text says: its nonce, and whether a mark follows it.
 * @param life of the node that answered: a nonce means nothing in another one.
 */
export function stateOf(text: Answer | undefined, life: string): TagState {
  if (!Buffer.isBuffer(text)) return null
  const bar = text.indexOf(BAR)
  return bar < 0
    ? { nonce: `${text.toString('latin1')}@${life}`, dirty: false }
    : { nonce: `${text.toString('latin1', 0, bar)}@${life}`, dirty: true }
}
