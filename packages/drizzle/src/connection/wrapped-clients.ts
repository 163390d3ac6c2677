/** The caches over one client of a driver. */
interface ClientEntry {
  readonly caches: readonly WeakRef<object>[]
  /** Whether a second cache was registered for it before. */
  readonly reported: boolean
}

/** Keyed by the driver's client: a pool or a connection. Keeps neither clients nor caches alive. */
type Registry = WeakMap<object, ClientEntry>

/**
 * On `globalThis`, because a bundler or a second version may load this module twice. A different format of the registry
 * needs a different name.
 */
const REGISTRY = Symbol.for('larder.drizzle.wrapped-clients/2')

function registry(): Registry {
  const global = globalThis as unknown as Record<symbol, Registry | undefined>
  const clients = global[REGISTRY] ?? new WeakMap()
  global[REGISTRY] = clients
  return clients
}

/** Whether another cache in use was registered for the client, and whether that is news. */
export type ClientUse = 'single cache' | 'several caches, first report' | 'several caches'

/**
 * Registers that `cache` is used over a driver's client. With several caches over one client, none sees what is written
 * through another.
 */
export function registerClient(client: unknown, cache: object): ClientUse {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return 'single cache'
  const clients = registry()
  const { caches, reported } = clients.get(client) ?? { caches: [], reported: false }
  const others = caches.filter((ref) => ref.deref() !== undefined && ref.deref() !== cache)
  const several = others.length > 0
  clients.set(client, { caches: [...others, new WeakRef(cache)], reported: reported || several })
  if (!several) return 'single cache'
  return reported ? 'several caches' : 'several caches, first report'
}
