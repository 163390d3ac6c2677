/** Runs one statement that changes nothing. @returns its rows. */
export type Query = (sql: string) => Promise<readonly Row[]>
export type Row = Readonly<Record<string, unknown>>

/** Groups rows by their column `relation`. */
export function grouped(rows: readonly Row[]): (relation: string) => readonly Row[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const relation = String(row.relation)
    groups.set(relation, [...(groups.get(relation) ?? []), row])
  }
  return (relation) => groups.get(relation) ?? []
}

/** Groups ordered rows by a column and makes one value of each group, such as the columns of an index. */
export function gathered<T>(
  rows: readonly Row[],
  key: string,
  make: (columns: readonly Row[]) => T,
): readonly T[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(String(row[key]), [...(groups.get(String(row[key])) ?? []), row])
  return [...groups.values()].map(make)
}
