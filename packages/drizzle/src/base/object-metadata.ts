/** What is kept with objects of somebody else's: seen by nobody else, and gone when they are. */
export interface Notes<K extends object, V> {
  of(object: K): V | undefined
  put(object: K, note: V): void
}

function given(object: object): object {
  return object
}

/** A constructor that makes nothing: what extends it puts its private fields on the object given. */
const Given = given as unknown as new (object: object) => object

/**
 * Does what a WeakMap does. But Drizzle makes several objects per query, all of them soon garbage, and the entries of
 * a WeakMap cost the garbage collector half the time of a small transaction. Private fields cost it nothing.
 */
export function createNotes<K extends object, V>(): Notes<K, V> {
  class Noted extends Given {
    #note: V | undefined

    static of(object: object): V | undefined {
      return #note in object ? object.#note : undefined
    }

    static put(object: object, note: V): void {
      const noted = #note in object ? object : (new Noted(object) as Noted)
      noted.#note = note
    }
  }
  return { of: (object) => Noted.of(object), put: (object, note) => Noted.put(object, note) }
}
