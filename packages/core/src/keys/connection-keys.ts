import type { Connection, ConnectionSource } from './connection.ts'
import type { EntryKeys } from './entry-key.ts'

/**
 * Entry keys of a client, by what its connection is at each read: a parser set later, or a variable of the environment,
 * makes other keys from then on. `keysOf` makes the keys of one connection; `onChange` is called with each one.
 */
export function connectionKeys(
  source: ConnectionSource,
  keysOf: (connection: Connection) => EntryKeys,
  onChange: (connection: Connection) => void,
): EntryKeys {
  let connection: Connection | undefined
  let keys: EntryKeys | undefined
  const now = (thorough: boolean): EntryKeys | undefined => {
    const seen = source.current(thorough)
    if (seen === connection) return keys
    connection = seen
    keys = seen && keysOf(seen)
    if (seen) onChange(seen)
    return keys
  }
  return {
    of: (scope, read) => now(false)?.of(scope, read),
    family: () => now(true)?.family(),
  }
}
