import { objectPlace } from './place.ts'

/** What decides which rows a client reads, and in which form. It is part of every entry key, and of no tag. */
export interface Connection {
  /** Which database: see `networkPlace`, `filePlace` and `objectPlace`. The user's `database` name takes its place. */
  readonly place: string
  /** True where the driver does not show what it connects to: `place` then stands for one object of this process. */
  readonly hidden: boolean
  /** True where the driver will show it once it is connected. Until then `place` stands for one object of this process. */
  readonly provisional?: boolean
  /** What counts besides: user, schema, search path, role, options, time zone, what parsers return. */
  readonly settings: readonly string[]
}

/** Where a client's connection is looked up. */
export interface ConnectionSource {
  /**
   * Called at every read, so it is to be cheap: the same object for as long as nothing has changed. Undefined while
   * the connection is not known yet: reads then bypass the cache.
   * @param thorough called before a result is stored: looks at everything that can change.
   */
  current(thorough: boolean): Connection | undefined
  /** Set once this source has nothing left to decide: the one to ask from then on, in its place. */
  readonly instead?: ConnectionSource
  /** Resolves when `current` has something to return. */
  readonly whenKnown?: PromiseLike<unknown>
}

/** A connection that is known and never changes. */
export function fixedConnection(place: string, settings: readonly string[] = []): ConnectionSource {
  const connection = { place, hidden: false, settings }
  return { current: () => connection }
}

/** A connection whose driver does not show what it connects to. Only what uses the same `object` shares entries. */
export function hiddenConnection(object: object, settings: readonly string[] = []): ConnectionSource {
  const connection = { place: objectPlace(object), hidden: true, settings }
  return { current: () => connection }
}

/** What a connection may be opened with that lets one statement find other rows than over another connection. */
const NAMES = ['schema', 'search_path', 'role', 'options'] as const
/** Where drivers keep a URL, whose query says the same. */
const URLS = ['connectionString', 'url', 'uri'] as const

/**
 * What tells the connections of one client from those of another on the same database: a schema per tenant, a role.
 * To be part of the client's identity, so that neither is given the other's entries. `holders`: objects of drivers that
 * may hold settings; anything else in them, and anything that is no object, is passed over.
 */
export function connectionFingerprint(...holders: readonly unknown[]): readonly string[] {
  const settings = new Set<string>()
  for (const holder of holders) {
    if (typeof holder !== 'object' || holder === null) continue
    for (const name of NAMES) note(settings, name, Reflect.get(holder, name))
    for (const name of URLS) {
      const query = queryOf(Reflect.get(holder, name))
      for (const setting of NAMES) note(settings, setting, query?.get(setting))
    }
  }
  return [...settings].sort()
}

function note(settings: Set<string>, name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') settings.add(`${name}=${value}`)
}

function queryOf(url: unknown): URLSearchParams | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).searchParams : undefined
}
