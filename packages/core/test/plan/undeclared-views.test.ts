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

describe('the dependencies of a view are unknown', () => {
  const schema = schemaOf({
    posts: [],
    told: ['posts'],
    overTold: ['told'],
    untold: [],
    overUntold: ['posts', 'UNTOLD'],
    twiceOver: ['overUntold'],
  })

  it('where nobody says what it reads, or what a view that it reads does', () => {
    const views = ['told', 'overTold', 'untold', 'overUntold', 'twiceOver']
    expect([...findUndeclaredViews(schema, views)].sort()).toEqual(['overUntold', 'twiceOver', 'untold'])
  })

  it('but a table needs nobody to say so', () => {
    expect(findUndeclaredViews(schema, ['told', 'overTold'])).toEqual(new Set())
  })
})
