/** Runs one statement that changes nothing. @returns its rows. */
export type Query = (sql: string) => Promise<readonly Row[]>
export type Row = Readonly<Record<string, unknown>>

/** Groups rows by their column `relation`. */
export function grouped(rows: readonly Row[]): (relation: string) => readonly Row[] {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const relation = String(row.relation)
    found.set(relation, [...(found.get(relation) ?? []), row])
  }
  return (relation) => found.get(relation) ?? []
}

/** Groups ordered rows by a column and makes one value of each group, such as the columns of an index. */
export function gathered<T>(
  rows: readonly Row[],
  key: string,
  make: (columns: readonly Row[]) => T,
): readonly T[] {
  const found = new Map<string, Row[]>()
  for (const row of rows) found.set(String(row[key]), [...(found.get(String(row[key])) ?? []), row])
  return [...found.values()].map(make)
}
