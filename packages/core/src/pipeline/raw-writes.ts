import { CacheError } from '../base/errors.ts'
import type { UnknownWrites } from '../options/config.ts'
import type { Change } from '../plan/plan.ts'
import type { Schema } from '../plan/table.ts'
import type { Events } from '../report/events.ts'
import type { SqlParser } from '../sql/parser.ts'
import type { Written } from '../sql/written.ts'

/** Raw SQL that writes, and whose caller has not said what. */
export interface RawWrite {
  readonly operation: string
  /** As the server gets it, with `$1` for values. */
  readonly text: string
  /** As the `unknown-write` event shows it, where that is another. */
  readonly shown?: string
  /** What to do instead, for whoever is refused: `use the model's own operations`. */
  readonly instead: string
}

/**
 * What raw writes of one client may change: the tables that the parser finds, or what `unknownWrites` says, with an
 * `unknown-write` event. Both throw CacheError `LARDER_UNKNOWN_WRITE` under `unknownWrites: 'throw'`.
 */
export interface RawChanges {
  /** Waits until the parser is loaded. */
  of(write: RawWrite): Promise<readonly Change[]>
  /** The same without a promise where the parser is loaded, or there is none. */
  soon(write: RawWrite): readonly Change[] | Promise<readonly Change[]>
  /**
   * Without waiting, for statements that nothing may delay: a statement that comes before the parser is loaded counts as
   * unknown. Undefined where that would refuse it, under `unknownWrites: 'throw'`: ask {@link RawChanges.of}.
   */
  now(write: RawWrite): readonly Change[] | undefined
}

/** What they are told by. */
export interface RawWriteDeps {
  readonly events: Events
  readonly unknownWrites: UnknownWrites
  readonly schema: Schema
  /** Views that nobody has declared the sources of, in lower case: whoever writes one writes nobody knows what. */
  readonly undeclaredViews: ReadonlySet<string>
  /** Undefined: the database is not PostgreSQL. */
  readonly parser: SqlParser | undefined
}

export function createRawChanges(deps: RawWriteDeps): RawChanges {
  const { events, unknownWrites, schema, parser } = deps
  const decide = ({ operation, text, shown = text, instead }: RawWrite, written: Written | undefined) => {
    if (written && areTablesKnown(deps, written)) return written.tables.map(wholly)
    events.emit('unknown-write', { operation, sql: shown })
    if (unknownWrites === 'throw')
      throw new CacheError(
        'LARDER_UNKNOWN_WRITE',
        `${operation} writes tables that Larder cannot determine, and unknownWrites is 'throw': ${instead}, or set unknownWrites to 'invalidate'`,
      )
    // No table at all: whatever the transaction returned, this may have changed it.
    if (unknownWrites === 'event') return []
    // A table that this client does not know may be one that another client on the cache reads.
    return [...new Set([...schema.tables.keys(), ...(written?.tables ?? [])])].map(wholly)
  }
  return {
    of: async (write) => decide(write, await parser?.written(write.text)),
    soon(write) {
      const written = parser?.written(write.text)
      return written instanceof Promise
        ? written.then((changes) => decide(write, changes))
        : decide(write, written)
    },
    now(write) {
      const written = parser?.written(write.text)
      if (!(written instanceof Promise)) return decide(write, written)
      return unknownWrites === 'throw' ? undefined : decide(write, undefined)
    },
  }
}

function wholly(table: string): Change {
  return { table, effect: 'unknown' }
}

/**
 * True if these are all the tables that change, as far as the schema knows what they are. A name that it does not know
 * may be a view of a table that it knows, or a partition.
 */
function areTablesKnown({ schema, undeclaredViews }: RawWriteDeps, { tables, complete }: Written): boolean {
  const reached = new Set(tables)
  for (const name of reached) {
    const table = undeclaredViews.has(name) ? undefined : schema.tables.get(name)
    if (!table) return false
    for (const source of table.reads) reached.add(source.toLowerCase())
  }
  return complete && tables.length > 0
}
