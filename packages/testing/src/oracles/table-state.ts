/** Runs one SQL statement and gives its rows. */
export type RunSql = (sql: string) => Promise<readonly Record<string, unknown>[]>

/** Table name (lower case) to a digest of all its rows. */
export type TableState = ReadonlyMap<string, string>

/** Reads the state of every table of the schema `public` in one statement, so at one instant. PostgreSQL and PGlite. */
export async function tableState(run: RunSql): Promise<TableState> {
  const tables = await run(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
  const parts = tables.map(({ name }) => {
    const quoted = `"${String(name).replaceAll('"', '""')}"`
    const literal = `'${String(name).replaceAll("'", "''")}'`
    return `SELECT ${literal} AS name, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS digest FROM public.${quoted} t`
  })
  const rows = await run(parts.join(' UNION ALL '))
  return new Map(rows.map(({ name, digest }) => [String(name).toLowerCase(), String(digest)]))
}

/** Tables whose rows differ, sorted. */
export function changedTables(before: TableState, after: TableState): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .sort()
}
