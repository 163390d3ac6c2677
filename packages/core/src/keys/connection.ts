/** What a connection may be opened with that lets one statement find other rows than over another connection. */
const NAMES = ['schema', 'search_path', 'role', 'options'] as const
/** Where drivers keep a URL, whose query says the same. */
const URLS = ['connectionString', 'url', 'uri'] as const

/**
 * What tells the connections of one client from those of another on the same database: a schema per tenant, a role.
 * To be part of the client's identity, so that neither is given the other's entries. `holders`: objects of drivers that
 * may hold settings; anything else in them, and anything that is no object, is passed over.
 */
export function connectionMeaning(...holders: readonly unknown[]): readonly string[] {
  const found = new Set<string>()
  for (const holder of holders) {
    if (typeof holder !== 'object' || holder === null) continue
    for (const name of NAMES) note(found, name, Reflect.get(holder, name))
    for (const name of URLS) {
      const query = queryOf(Reflect.get(holder, name))
      for (const setting of NAMES) note(found, setting, query?.get(setting))
    }
  }
  return [...found].sort()
}

function note(found: Set<string>, name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') found.add(`${name}=${value}`)
}

function queryOf(url: unknown): URLSearchParams | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).searchParams : undefined
}
