import { createInterned, type Interned } from '../base/interned.ts'
import { createEntries } from '../entry/entries.ts'
import { canonical } from '../keys/canonical.ts'
import type { Connection } from '../keys/connection.ts'
import { digest } from '../keys/digest.ts'
import { type ConstantEntryKeys, connectionKeys, entryKeys } from '../keys/entry-key.ts'
import { objectPlace } from '../keys/place.ts'
import { createRawChanges, type RawChanges } from '../pipeline/raw-writes.ts'
import type { ReadDeps } from '../pipeline/read.ts'
import type { WriteDeps } from '../pipeline/write.ts'
import { DEFAULT_DATABASE } from '../plan/known-databases.ts'
import { createSqlParser } from '../sql/parser.ts'
import { type DeriveTags, rememberTags } from '../tags/known-tags.ts'
import { tagsOfRead } from '../tags/read-tags.ts'
import { createLookUp } from '../tier/look-up.ts'
import { planThrough, type ThroughRoom } from '../write-through/plan.ts'
import { createConnectionWarnings } from './connection-warnings.ts'
import type { Host } from './engine.ts'
import type { SharedRoom } from './shared-room.ts'

/** Reads whose key and tags the clients of one schema remember. */
const REMEMBERED = 10_000

/** What every client needs: what all hosts share, and what the composition root decides. */
export interface HostRoomsDeps extends SharedRoom {
  /** Whether a write returns only when its finish is acknowledged. */
  readonly awaitsFinish: boolean
  longestLifetime(): number
}

/** What the engine of one client works with. */
export interface HostRoom {
  readonly room: ReadDeps & WriteDeps
  readonly raw: RawChanges
  /** Held by each of its clients, and by nothing else. */
  readonly common: Common
}

/** What clients of one schema and one set of options have in common, whatever they are connected to. */
type Common = Omit<ReadDeps & ThroughRoom, 'keys'> & {
  readonly raw: RawChanges
  /** Keys by connection: clients of equal connections share those that are remembered. */
  readonly keys: Interned<ConstantEntryKeys>
  keysOf(connection: string): ConstantEntryKeys
}

/** Makes the room of each client. Clients that are alike share all that is remembered, for as long as one of them lives. */
export function createHostRooms(deps: HostRoomsDeps) {
  const commons = createInterned<Common>()
  const warnings = createConnectionWarnings(deps.events)
  return {
    /** `onConnection` is called with a text of what the host is connected to, whenever that is another. */
    of(host: Host, rejecting: ReadonlySet<string>, onConnection?: (connection: string) => void): HostRoom {
      const { connection: source, database } = host
      const schema = schemaText(host)
      const common = commons.get(commonText(host, schema), () => commonOf(deps, host))
      const textOf = ({ place, settings }: Connection): string =>
        canonical([database === undefined ? place : null, settings])
      const keysOf = (connection: Connection) => common.keysOf(textOf(connection))
      const seen = (connection: Connection): void => {
        if (database === undefined) warnings.check(connection)
        onConnection?.(digest(textOf(connection)).name)
      }
      const keys = source ? connectionKeys(source, keysOf, seen) : common.keysOf('')
      const read: ReadDeps & ThroughRoom = { ...deps, ...common, keys }
      const { awaitsFinish } = deps
      const room: ReadDeps & WriteDeps = {
        ...deps,
        ...read,
        rejecting,
        awaitsFinish,
        through: (plan, changes) => planThrough(read, plan, changes),
      }
      // Asks for the first time now: what the environment says may be another thing at the first read.
      keys.family()
      const ask = (): void => void keys.family()
      source?.known?.then(ask, ask)
      return { room, raw: common.raw, common }
    },
  }
}

/** Of `host` nothing is kept that belongs to one client: its connection would never be collected. */
function commonOf(deps: HostRoomsDeps, host: Host): Common {
  const { config, clock, events, store, tier, unfinished } = deps
  const { namespace, version, codec, maxValueBytes } = config
  const { name, schema, types, database = DEFAULT_DATABASE, identity } = host
  const { blindViews = new Set<string>() } = host
  const space = { namespace, database }
  const entries = createEntries(codec, types, events, store.source === 'memory')
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
    lookUp: createLookUp({ clock, store, tier, covers: unfinished.covers }, entries),
    maxValueBytes,
    raw: createRawChanges({ events, unknownWrites: config.unknownWrites, schema, blindViews, parser }),
  }
}

function commonText(
  { name, database, identity, types, blindViews, sqlParser }: Host,
  schema: string,
): string {
  const classes = Object.keys(types).length ? objectPlace(types) : null
  const parser = sqlParser ? objectPlace(sqlParser) : null
  return canonical([name, database, identity, schema, classes, [...(blindViews ?? [])].sort(), parser])
}

const schemaTexts = new WeakMap<Host['schema']['tables'], string>()

/** Tells the schema of a host from others. */
export function schemaText({ schema: { tables } }: Host): string {
  const known = schemaTexts.get(tables)
  if (known) return known
  const text = digest(canonical([...tables])).name
  schemaTexts.set(tables, text)
  return text
}
