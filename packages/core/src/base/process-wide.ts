/**
 * A value of the whole process, made once however many copies of this module are loaded: a bundler inlines one, Next.js
 * evaluates one for instrumentation, one for route handlers and one for pages, ESM and CommonJS load one each.
 * @param name says what the value is and in which format: copies that do not agree on the format use different names.
 */
export function processWide<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`larder.${name}`)
  const shared = (globalThis as { readonly [name: symbol]: unknown })[key]
  if (shared) return shared as T
  const value = make()
  Object.defineProperty(globalThis, key, { value, configurable: true })
  return value
}
