import type { Codec, ValueTypes } from '../codec/codec.ts'
import { type EntryHeader, open, seal } from '../codec/envelope.ts'
import type { Events } from '../events.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import type { EntrySight } from '../policy/freshness.ts'
import type { StoredEntry } from '../store/store.ts'
import { noncesOf } from './sight.ts'

/** Whose entry it is: names it in events, and proves it. */
export interface EntryOwner {
  readonly operation: string
  readonly key: EntryKey
}

/** An entry whose header has been read and whose value has not. */
export interface OpenedEntry {
  readonly sight: EntrySight
  readonly payload: Uint8Array
  /** Times in milliseconds. */
  readonly lifetime: number
  readonly age: number
}

/**
 * The entries of one host, as bytes. Foreign, truncated and newer bytes are no entry; a value that cannot be carried
 * has no bytes; both are a `codec-error` event and never an exception.
 */
export interface Entries {
  open(stored: StoredEntry | null, owner: EntryOwner): OpenedEntry | undefined
  decode(payload: Uint8Array, owner: EntryOwner): { readonly value: unknown } | undefined
  encode(value: unknown, owner: EntryOwner): Uint8Array | { readonly error: unknown }
  /** The bytes to store, and the header in them. */
  seal(header: Omit<EntryHeader, 'codec' | 'proof'>, payload: Uint8Array, owner: EntryOwner): Uint8Array
}

export function createEntries(codec: Codec, types: ValueTypes, events: Events): Entries {
  const bound = codec.bind(types)
  const attempt = <T>(owner: EntryOwner, action: () => T): T | { readonly error: unknown } => {
    try {
      return action()
    } catch (error) {
      events.emit('codec-error', { operation: owner.operation, key: owner.key.key, error })
      return { error }
    }
  }
  return {
    open(stored, owner) {
      if (!stored) return undefined
      const opened = attempt(owner, () => open(stored.bytes))
      if ('error' in opened) return undefined
      const { header, payload } = opened
      const { remaining } = stored
      const own = header.proof === owner.key.proof && header.codec === codec.name
      return {
        sight: { remaining, own, epoch: header.epoch, nonces: noncesOf(header) },
        payload,
        lifetime: header.lifetime,
        age: Math.max(0, header.lifetime - remaining),
      }
    },
    decode(payload, owner) {
      const decoded = attempt(owner, () => ({ value: bound.decode(payload) }))
      return 'error' in decoded ? undefined : decoded
    },
    encode: (value, owner) => attempt(owner, () => bound.encode(value)),
    seal: (header, payload, { key }) => seal({ ...header, codec: codec.name, proof: key.proof }, payload),
  }
}
