/** Values attached to objects of other libraries. Nothing else can see them, and they are freed with their objects. */
export interface ObjectMetadata<K extends object, V> {
  get(object: K): V | undefined
  set(object: K, value: V): void
}

function identity(object: object): object {
  return object
}

/** A constructor that returns its argument, so a subclass adds its private fields to an existing object. */
const ExistingObject = identity as unknown as new (object: object) => object

/**
 * Does what a WeakMap does. Drizzle creates several short-lived objects per query, and the entries of a WeakMap cost the
 * garbage collector half the time of a small transaction. Private fields cost it nothing.
 */
export function createObjectMetadata<K extends object, V>(): ObjectMetadata<K, V> {
  class Annotated extends ExistingObject {
    #value: V | undefined

    static get(object: object): V | undefined {
      return #value in object ? object.#value : undefined
    }

    static set(object: object, value: V): void {
      const annotated = #value in object ? object : (new Annotated(object) as Annotated)
      annotated.#value = value
    }
  }
  return {
    get: (object) => Annotated.get(object),
    set: (object, value) => Annotated.set(object, value),
  }
}
