/** A map with a bound; what nobody asked for of late goes first. */
export interface Bounded<V> {
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
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  const set = (name: string, value: V): void => {
    if (young.size >= half && !young.has(name)) {
      old = young
      young = new Map()
    }
    young.set(name, value)
    if (old.size) old.delete(name)
  }
  return {
    get(name) {
      const found = young.get(name)
      if (found) return found
      const older = old.get(name)
      if (older) set(name, older)
      return older
    },
    set,
    delete(name) {
      young.delete(name)
      old.delete(name)
    },
    clear() {
      young.clear()
      old.clear()
    },
  }
}
