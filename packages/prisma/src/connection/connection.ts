import {
  type ConnectionSource,
  connectionFingerprint,
  hiddenConnection,
  nodePostgresPool,
  pgliteConnection,
} from '@larder/core/host'
import { type AdapterParts, adapterOf } from '../internals.ts'

/** Adapters that make a pool of node-postgres, or of a driver made after it, from their `config`. */
const OVER_A_POOL: ReadonlySet<unknown> = new Set(['@prisma/adapter-pg', '@prisma/adapter-neon'])

/** Adapters that hide their configuration. Their driver shows its database once it is connected. */
const SHOWN_WHEN_CONNECTED: ReadonlySet<unknown> = new Set([
  '@prisma/adapter-mariadb',
  '@prisma/adapter-better-sqlite3',
  '@prisma/adapter-libsql',
])

/**
 * What a client is connected to, as its driver adapter shows it.
 * @param connected what the driver shows once it is connected. Undefined: the client is not watched, or its database has
 * a name, and its first reads must find the entries of that name.
 */
export function connectionOf(base: object, connected?: ConnectionSource): ConnectionSource {
  const adapter = adapterOf(base)
  if (!adapter) return hiddenConnection(base)
  const { client, externalPool, options, config } = adapter
  const settings = parserSettings(options)
  if (externalPool) {
    const source = nodePostgresPool(externalPool, [options], settings)
    if (source) return source
  } else if (OVER_A_POOL.has(adapter.adapterName) && typeof config === 'object' && config !== null) {
    return overConfig(adapter, config, settings)
  }
  if (typeof client === 'object' && client !== null && 'dataDir' in client)
    return pgliteConnection(client, settings)
  if (connected && SHOWN_WHEN_CONNECTED.has(adapter.adapterName)) return connected
  return hiddenConnection(adapter, [...connectionFingerprint(options, config), ...settings])
}

/**
 * The adapter's own copy of the driver interprets `config`. This function gets at it by a pool without options, made by
 * the adapter's own class. The pool opens no connection.
 */
function overConfig(adapter: AdapterParts, config: object, settings: readonly string[]): ConnectionSource {
  const reading = emptyPool(adapter).then((pool) => {
    const { Client } = (pool ?? {}) as { readonly Client?: unknown }
    source.instead =
      nodePostgresPool({ Client, options: config }, [adapter.options], settings) ??
      hiddenConnection(adapter, settings)
  })
  const source: ConnectionSource & { instead?: ConnectionSource } = {
    current: (thorough) => source.instead?.current(thorough),
    whenKnown: reading,
  }
  return source
}

async function emptyPool(adapter: AdapterParts): Promise<unknown> {
  try {
    const connected = (await ownConnect(adapter)?.call({
      externalPool: null,
      config: {},
      options: undefined,
    })) as { underlyingDriver?(): unknown; readonly client?: unknown } | undefined
    return connected?.underlyingDriver?.() ?? connected?.client
  } catch {
    return undefined
  }
}

/** `connect` of the adapter's own class, because that of a subclass or a wrapper may have effects. */
function ownConnect(adapter: AdapterParts): AdapterParts['connect'] {
  let connect: AdapterParts['connect']
  let at: AdapterParts | null = Object.getPrototypeOf(adapter)
  while (at && at !== Object.prototype) {
    if (Object.hasOwn(at, 'connect')) connect = at.connect
    at = Object.getPrototypeOf(at)
  }
  return connect
}

/** The text of the user's parser of types that only the database knows. */
function parserSettings(options: unknown): readonly string[] {
  const { userDefinedTypeParser: parser } = (options ?? {}) as { readonly userDefinedTypeParser?: unknown }
  return typeof parser === 'function' ? [`userDefinedTypeParser=${String(parser)}`] : []
}
