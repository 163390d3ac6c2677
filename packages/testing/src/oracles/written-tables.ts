const NAME = '(?:"(?:[^"]|"")+"|[A-Za-z_][\\w$]*)'
const QUALIFIED = `(${NAME}(?:\\s*\\.\\s*${NAME})?)`
const WRITE = new RegExp(`\\b(?:INSERT\\s+INTO|DELETE\\s+FROM|UPDATE(?:\\s+ONLY)?)\\s+${QUALIFIED}`, 'gi')
/** What UPDATE is followed by where it begins no statement: `FOR UPDATE OF`, `ON CONFLICT … DO UPDATE SET`. */
const NO_TABLE: ReadonlySet<string> = new Set(['set', 'of', 'nowait', 'skip'])

/**
 * Tables that a statement names as the target of an INSERT, UPDATE or DELETE: bare, lower case. Written for the SQL
 * that Prisma generates, where every name is quoted and values are parameters; what the database does by itself
 * (referential actions, triggers) is not in the text.
 */
export function writtenTables(sql: string): readonly string[] {
  const tables = new Set<string>()
  for (const [, name = ''] of sql.matchAll(WRITE)) {
    const bare = unquoted(name.slice(lastDot(name) + 1).trim())
    if (!NO_TABLE.has(bare)) tables.add(bare)
  }
  return [...tables]
}

/** Position of the dot between schema and table, outside quotes; -1 where there is no schema. */
function lastDot(name: string): number {
  let quoted = false
  let at = -1
  for (const [index, character] of [...name].entries()) {
    if (character === '"') quoted = !quoted
    else if (character === '.' && !quoted) at = index
  }
  return at
}

function unquoted(name: string): string {
  return (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name).toLowerCase()
}
