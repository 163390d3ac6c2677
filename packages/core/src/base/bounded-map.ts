/** A map with a bound; what nobody asked for of late goes first. */
export interface Bounded<V> {
  /** The values used last. Where every call counts, look here before `get`. */
  readonly recent: ReadonlyMap<string, V>
  get(name: string): V | undefined
  set(name: string, value: V): void
  delete(name: string): unknown
  clear(): void
}

/**
 * Two generations: the young one grows to half the bound, then becomes the old one, and the old one is forgotten.
 * What is asked for becomes young again. Cheaper by the call than an exact order of use.
 * @param most values held at once, at least 2.
 */
export function createBounded<V extends object>(most: number): Bounded<V> {
  const half = Math.max(1, most >> 1)
  let old = new Map<string, V>()
  const set = (name: string, value: V): void => {
    if (map.recent.size >= half && !map.recent.has(name)) {
      old = map.recent
      map.recent = new Map()
    }
    map.recent.set(name, value)
    if (old.size) old.delete(name)
  }
  const map = {
    recent: new Map<string, V>(),
    get(name: string): V | undefined {
      const value = map.recent.get(name)
      if (value) return value
      const older = old.get(name)
      if (older) set(name, older)
      return older
    },
    set,
    delete(name: string): void {
      map.recent.delete(name)
      old.delete(name)
    },
    clear(): void {
      map.recent.clear()
      old.clear()
    },
  }
  return map
}
