import { createInterned, type Interned } from '../base/interned.ts'
import { createEntries } from '../entry/entries.ts'
import { canonical } from '../keys/canonical.ts'
import type { Connection } from '../keys/connection.ts'
import { digest } from '../keys/digest.ts'
import { type ConstantEntryKeys, connectionKeys, entryKeys } from '../keys/entry-key.ts'
import { objectPlace } from '../keys/place.ts'
import { createOutage } from '../pipeline/outage.ts'
import { createRawChanges, type RawChanges } from '../pipeline/raw-writes.ts'
import type { ReadDeps } from '../pipeline/read.ts'
import type { WriteDeps } from '../pipeline/write.ts'
import { DEFAULT_DATABASE } from '../plan/known-databases.ts'
import { createSqlParser } from '../sql/parser.ts'
import { type DeriveTags, rememberTags } from '../tags/known-tags.ts'
import { tagsOfRead } from '../tags/read-tags.ts'
import { createLookUp } from '../tier/look-up.ts'
import { planWriteThrough, type WriteThroughDeps } from '../write-through/plan.ts'
import { createConnectionWarnings } from './connection-warnings.ts'
import type { Host } from './engine.ts'
import type { SharedDeps } from './shared-deps.ts'

/** Reads whose key and tags the clients of one schema remember. */
export const REMEMBERED = 10_000

/** What every client needs: what all hosts share, and what the composition root decides. */
export interface ClientDepsInput extends SharedDeps {
  /** Whether a write returns only when its finish is acknowledged. */
  readonly awaitsFinish: boolean
  longestLifetime(): number
}

/** What the engine of one client works with. */
export interface Client {
  readonly deps: ReadDeps & WriteDeps
  readonly raw: RawChanges
  /** Held by each of its clients, and by nothing else. */
  readonly common: Common
}

/** What clients of one schema and one set of options have in common, whatever they are connected to. */
type Common = Omit<ReadDeps & WriteThroughDeps, 'keys' | 'inOrder' | 'outage'> & {
  readonly raw: RawChanges
  /** Keys by connection: clients of equal connections share those that are remembered. */
  readonly keys: Interned<ConstantEntryKeys>
  keysOf(connection: string): ConstantEntryKeys
}

/** Makes what each client works with. Clients that are alike share all that is remembered, for as long as one of them lives. */
export function createClientDeps(deps: ClientDepsInput) {
  const commons = createInterned<Common>()
  const warnings = createConnectionWarnings(deps.events)
  return {
    /** `onConnection` is called with a text of what the host is connected to, whenever that is another. */
    of(host: Host, rejecting: ReadonlySet<string>, onConnection?: (connection: string) => void): Client {
      const { connection: source, database, inOrder = false } = host
      const schema = schemaText(host)
      const common = commons.get(commonText(host, schema), () => commonOf(deps, host))
      const textOf = ({ place, settings }: Connection): string =>
        canonical([database === undefined ? place : null, settings])
      const keysOf = (connection: Connection) => common.keysOf(textOf(connection))
      const observe = (connection: Connection): void => {
        if (database === undefined) warnings.check(connection)
        onConnection?.(digest(textOf(connection)).name)
      }
      const keys = source ? connectionKeys(source, keysOf, observe) : common.keysOf('')
      // Not in common: the database of another client may be reachable.
      const outage = createOutage(deps.clock, deps.events)
      const read: ReadDeps & WriteThroughDeps = { ...deps, ...common, keys, inOrder, outage }
      const { awaitsFinish } = deps
      const client: ReadDeps & WriteDeps = {
        ...deps,
        ...read,
        rejecting,
        awaitsFinish,
        through: (plan, changes) => planWriteThrough(read, plan, changes),
      }
      // Asks for the first time now: what the environment says may be another thing at the first read.
      keys.family()
      const ask = (): void => void keys.family()
      source?.whenKnown?.then(ask, ask)
      return { deps: client, raw: common.raw, common }
    },
  }
}

/** Of `host` nothing is kept that belongs to one client: its connection would never be collected. */
function commonOf(deps: ClientDepsInput, host: Host): Common {
  const { config, clock, events, store, tier, pendingWrites } = deps
  const { namespace, version, codec, maxValueBytes } = config
  const { name, schema, types, database = DEFAULT_DATABASE, identity } = host
  const { undeclaredViews = new Set<string>() } = host
  const space = { namespace, database }
  const remember = store.source === 'memory' ? 'of the object' : tier ? 'no' : 'of the name'
  const entries = createEntries(codec, types, { events, remember })
  const tagsOf: DeriveTags = (...parts) => tagsOfRead(space, schema, ...parts)
  const keys = createInterned<ConstantEntryKeys>()
  const load = host.sqlParser && (deps.sqlParser ?? host.sqlParser)
  const warn = (message: string): void => events.emit('warning', { code: 'sql-parser', message })
  const parser = load && createSqlParser(load, warn)
  // A first raw write must not be refused for coming before the parser.
  if (config.unknownWrites === 'throw') void parser?.written('SELECT 1')
  return {
    ...deps,
    space,
    schema,
    tagsOf,
    knownTags: rememberTags(tagsOf, REMEMBERED),
    keys,
    keysOf: (connection) =>
      keys.get(connection, () => {
        const parts = { namespace, version, database, identity: [name, ...identity, connection], types }
        return entryKeys(parts, REMEMBERED)
      }),
    entries,
    lookUp: createLookUp(
      { clock, store, tier, mustBypass: pendingWrites.mustBypass, pending: pendingWrites.pending },
      entries,
    ),
    maxValueBytes,
    raw: createRawChanges({ events, unknownWrites: config.unknownWrites, schema, undeclaredViews, parser }),
  }
}

function commonText(
  { name, database, identity, types, undeclaredViews, sqlParser }: Host,
  schema: string,
): string {
  const classes = Object.keys(types).length ? objectPlace(types) : null
  const parser = sqlParser ? objectPlace(sqlParser) : null
  return canonical([name, database, identity, schema, classes, [...(undeclaredViews ?? [])].sort(), parser])
}

const schemaTexts = new WeakMap<Host['schema']['tables'], string>()

/** Tells the schema of a host from others. */
export function schemaText({ schema: { tables } }: Host): string {
  const remembered = schemaTexts.get(tables)
  if (remembered) return remembered
  const text = digest(canonical([...tables])).name
  schemaTexts.set(tables, text)
  return text
}
