/** Sends one statement that changes nothing. @returns its rows. */
export type Query = (sql: string) => Promise<readonly Row[]>
export type Row = Readonly<Record<string, unknown>>

/** Rows by the relation they say something of. */
export function grouped(rows: readonly Row[]): (relation: string) => readonly Row[] {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const relation = String(row.relation)
    found.set(relation, [...(found.get(relation) ?? []), row])
  }
  return (relation) => found.get(relation) ?? []
}

/** One list of columns for each index or key that rows, in order, name a column of. */
export function gathered<T>(
  rows: readonly Row[],
  key: string,
  make: (columns: readonly Row[]) => T,
): readonly T[] {
  const found = new Map<string, Row[]>()
  for (const row of rows) found.set(String(row[key]), [...(found.get(String(row[key])) ?? []), row])
  return [...found.values()].map(make)
}
