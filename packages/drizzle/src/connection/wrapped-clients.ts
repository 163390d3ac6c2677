/** What was put over one client of a driver. */
interface Wrapping {
  caches: readonly WeakRef<object>[]
  /** Whether it was found to be wrapped by two caches. */
  noted: boolean
}

/** By the driver's client: a pool, a connection. Neither it nor a cache is kept alive. */
type Registry = WeakMap<object, Wrapping>

/** On `globalThis`, since a bundler or a second version may bring a second copy of this module. Another form, another name. */
const REGISTRY = Symbol.for('larder.drizzle.wrapped-clients/1')

function registry(): Registry {
  const place = globalThis as unknown as Record<symbol, Registry | undefined>
  const made = place[REGISTRY] ?? new WeakMap()
  place[REGISTRY] = made
  return made
}

/**
 * Notes that `cache` is put over a driver's client. `elsewhere`: another cache, which is still in use, was put over it
 * before, and the one does not see what is written through the other.
 */
export function noteClient(
  client: unknown,
  cache: object,
): 'only here' | 'elsewhere, first noted' | 'elsewhere' {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return 'only here'
  const known = registry()
  const { caches, noted } = known.get(client) ?? { caches: [], noted: false }
  const others = caches.filter((ref) => ref.deref() !== undefined && ref.deref() !== cache)
  const elsewhere = others.length > 0
  known.set(client, { caches: [...others, new WeakRef(cache)], noted: noted || elsewhere })
  if (!elsewhere) return 'only here'
  return noted ? 'elsewhere' : 'elsewhere, first noted'
}
