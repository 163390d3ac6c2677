import { describe, expect, it } from 'vitest'
import type { Schema } from '../../src/plan/table.ts'
import { findUndeclaredViews } from '../../src/plan/undeclared-views.ts'

function schemaOf(reads: Readonly<Record<string, readonly string[]>>): Schema {
  const tables = Object.entries(reads).map(([name, sources]) => {
    const table = { name, columns: [], keys: [], foreignKeys: [], touches: [], reads: sources }
    return [name.toLowerCase(), table] as const
  })
  return { tables: new Map(tables) }
}

describe('findUndeclaredViews', () => {
  const schema = schemaOf({
    posts: [],
    told: ['posts'],
    overTold: ['told'],
    untold: [],
    overUntold: ['posts', 'UNTOLD'],
    twiceOver: ['overUntold'],
  })

  it('returns every view without declared reads and every view that reads one', () => {
    const views = ['told', 'overTold', 'untold', 'overUntold', 'twiceOver']
    expect([...findUndeclaredViews(schema, views)].sort()).toEqual(['overUntold', 'twiceOver', 'untold'])
  })

  it('returns no base tables', () => {
    expect(findUndeclaredViews(schema, ['told', 'overTold'])).toEqual(new Set())
  })
})
