/**
 * A value of the whole process, made once however many copies of this module are loaded: a bundler inlines one, Next.js
 * evaluates one for instrumentation, one for route handlers and one for pages, ESM and CommonJS load one each.
 * @param name says what the value is and in which format: copies that do not agree on the format use different names.
 */
export function processWide<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`larder.${name}`)
  const found = (globalThis as { readonly [name: symbol]: unknown })[key]
  if (found) return found as T
  const value = make()
  Object.defineProperty(globalThis, key, { value, configurable: true })
  return value
}

/**
 * Names an object: the same text for the same object in every copy of this module, and for no other object of this
 * process. The object is not kept alive.
 */
export function objectName(object: object): string {
  const names = processWide<{ count: number; readonly known: WeakMap<object, string> }>(
    'object-names.v1',
    () => ({ count: 0, known: new WeakMap() }),
  )
  const known = names.known.get(object)
  if (known) return known
  const name = `#${names.count++}`
  names.known.set(object, name)
  return name
}
