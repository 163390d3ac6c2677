import type { Schema } from './table.ts'

/**
 * Those of `views`, by bare name, of which nobody has declared what they read, and those that read one of them: what
 * they depend on cannot be told.
 */
export function findUndeclaredViews({ tables }: Schema, views: Iterable<string>): ReadonlySet<string> {
  const all = new Set(views)
  const readsOf = (view: string): readonly string[] => tables.get(view.toLowerCase())?.reads ?? []
  const blind = new Set([...all].filter((view) => !readsOf(view).length))
  for (let previousSize = -1; previousSize !== blind.size; ) {
    previousSize = blind.size
    const names = new Set([...blind].map((view) => view.toLowerCase()))
    for (const view of all)
      if (readsOf(view).some((relation) => names.has(relation.toLowerCase()))) blind.add(view)
  }
  return blind
}
