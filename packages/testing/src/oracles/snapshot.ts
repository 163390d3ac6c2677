import type { EventEmitter } from 'node:events'

/** What an object and all that can be reached from it hold: path to what stands there. */
export type Snapshot = ReadonlyMap<string, unknown>

/**
 * Everything reachable from `root` by own properties, getters left alone: which keys there are, and each value by
 * identity. `outside` are objects of a driver, which changes them as it works: of these only their own methods, their
 * prototype and the number of listeners count.
 */
export function snapshotOf(root: object, outside: ReadonlySet<unknown>): Snapshot {
  const found = new Map<string, unknown>()
  const seenObjects = new Set<unknown>()
  const queue: (readonly [path: string, value: object])[] = [['given', root]]
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [path, value] = next
    if (seenObjects.has(value)) continue
    seenObjects.add(value)
    found.set(`${path} prototype`, Object.getPrototypeOf(value))
    if (outside.has(value)) {
      ofDriver(found, path, value)
      continue
    }
    found.set(`${path} keys`, Reflect.ownKeys(value).map(String).join())
    for (const [at, held] of partsOf(path, value)) {
      found.set(at, held)
      if (isObject(held)) queue.push([at, held])
    }
  }
  return found
}

/** What an object holds, in properties or as a collection; of a property with a getter the getter. */
function* partsOf(path: string, value: object): Generator<readonly [path: string, held: unknown]> {
  for (const key of Reflect.ownKeys(value)) {
    const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key) ?? {}
    yield [`${path}.${String(key)}`, get ?? set ?? held]
  }
  if (value instanceof Map) for (const [key, held] of value) yield [`${path}[${String(key)}]`, held]
  if (value instanceof Map || value instanceof Set) yield [`${path} size`, value.size]
}

function ofDriver(found: Map<string, unknown>, path: string, value: object): void {
  for (const key of Reflect.ownKeys(value)) {
    const held: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
    if (typeof held === 'function') found.set(`${path}.${String(key)}`, held)
  }
  const { eventNames, listenerCount } = value as Partial<EventEmitter>
  if (!eventNames || !listenerCount) return
  for (const name of eventNames.call(value))
    found.set(`${path} listeners of ${String(name)}`, listenerCount.call(value, name))
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** The paths at which two snapshots differ. */
export function differences(before: Snapshot, after: Snapshot): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => !Object.is(before.get(path), after.get(path)))
}
