/**
 * Reads what a Prisma client's driver adapter shows of its connections. A minor release of Prisma or of an adapter may
 * change these fields, so everything is checked and a missing field counts as unknown.
 */

interface AdapterParts {
  readonly adapterName?: unknown
  readonly config?: unknown
  readonly externalPool?: { readonly options?: unknown } | null
}

/** Adapters whose connections are one file or one process. */
const ONE_CONNECTION = /pglite|sqlite|libsql|d1/i

/**
 * True if the client has one connection for all its statements, as far as its adapter shows. The database then runs them
 * in the order in which they were called.
 */
export function hasOneConnection(client: unknown): boolean {
  const { adapter } =
    (client as { _engineConfig?: { adapter?: AdapterParts } } | undefined)?._engineConfig ?? {}
  if (typeof adapter?.adapterName === 'string' && ONE_CONNECTION.test(adapter.adapterName)) return true
  return [adapter?.config, adapter?.externalPool?.options].some(isPoolOfOne)
}

function isPoolOfOne(options: unknown): boolean {
  if (typeof options === 'string') return /[?&](?:connectionLimit|max)=1(?:&|$)/.test(options)
  const { max, connectionLimit } = (options ?? {}) as { max?: unknown; connectionLimit?: unknown }
  return max === 1 || connectionLimit === 1
}
