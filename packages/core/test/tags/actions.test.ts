import { describe, expect, it } from 'vitest'
import { type Change, UNKNOWN } from '../../src/plan/plan.ts'
import type { Action, Schema } from '../../src/plan/table.ts'
import { withActions } from '../../src/tags/actions.ts'
import { column, nullable, reference, schema, table } from './tables.ts'

/** A parent and a child whose `parent_id` references `id`. */
function family(onDelete: Action, onUpdate: Action = 'restrict'): Schema {
  return schema(
    table('parent', [column('id'), column('name', 'text')]),
    table('child', [column('id'), nullable('parent_id')], {
      foreignKeys: [reference(['parent_id'], 'parent', ['id'], { onDelete, onUpdate })],
    }),
  )
}

/** What follows from a change, without the change itself. */
const following = (definition: Schema, ...changes: Change[]): readonly Change[] =>
  withActions(definition, changes).slice(changes.length)
const remove = (name: string, id = 1): Change => ({ table: name, effect: 'delete', before: { id: [id] } })
const rename = (name: string): Change => ({
  table: name,
  effect: 'update',
  before: { id: [1] },
  sets: { id: 2 },
})
const wholly = (name: string): Change => ({ table: name, effect: 'unknown' })

const actions: [string, Schema, Change, readonly Change[]][] = [
  [
    'a cascading delete deletes the children of the pinned parents',
    family('cascade'),
    remove('parent'),
    [{ table: 'child', effect: 'delete', before: { parent_id: [1] } }],
  ],
  [
    'a cascading delete of unpinned parents may delete any child',
    family('cascade'),
    { table: 'parent', effect: 'delete' },
    [{ table: 'child', effect: 'delete' }],
  ],
  [
    'parents pinned by another column do not pin the children',
    family('cascade'),
    { table: 'parent', effect: 'delete', before: { name: ['x'] } },
    [{ table: 'child', effect: 'delete' }],
  ],
  [
    'set null updates the children to null',
    family('set-null'),
    remove('parent'),
    [{ table: 'child', effect: 'update', before: { parent_id: [1] }, sets: { parent_id: null } }],
  ],
  [
    'set default updates the children to an unknown value',
    family('set-default'),
    remove('parent'),
    [{ table: 'child', effect: 'update', before: { parent_id: [1] }, sets: { parent_id: UNKNOWN } }],
  ],
  ['restrict changes nothing', family('restrict'), remove('parent'), []],
  ['no action changes nothing', family('no-action'), remove('parent'), []],
  [
    'onUpdate cascade updates the children with the referenced column',
    family('restrict', 'cascade'),
    rename('parent'),
    [{ table: 'child', effect: 'update', before: { parent_id: [1] }, sets: { parent_id: UNKNOWN } }],
  ],
  [
    'onUpdate set null updates the children with the referenced column',
    family('restrict', 'set-null'),
    rename('parent'),
    [{ table: 'child', effect: 'update', before: { parent_id: [1] }, sets: { parent_id: null } }],
  ],
  [
    'an update of other columns changes no child',
    family('cascade', 'cascade'),
    { ...rename('parent'), sets: { name: 'x' } },
    [],
  ],
  [
    'an update of unknown columns changes children',
    family('restrict', 'cascade'),
    { table: 'parent', effect: 'update', before: { id: [1] } },
    [{ table: 'child', effect: 'update', before: { parent_id: [1] }, sets: { parent_id: UNKNOWN } }],
  ],
  [
    'an upsert that sets the referenced column changes children',
    family('cascade', 'cascade'),
    { ...rename('parent'), effect: 'upsert' },
    [{ table: 'child', effect: 'update', before: { parent_id: [1] }, sets: { parent_id: UNKNOWN } }],
  ],
  [
    'an upsert deletes no child',
    family('cascade'),
    { ...rename('parent'), effect: 'upsert', sets: { name: 'x' } },
    [],
  ],
  [
    'an insert changes no child',
    family('cascade', 'cascade'),
    { table: 'parent', effect: 'insert', sets: { id: 1 } },
    [],
  ],
  [
    'an unknown write may delete and update children',
    family('cascade', 'set-null'),
    wholly('parent'),
    [
      { table: 'child', effect: 'delete' },
      { table: 'child', effect: 'update', sets: { parent_id: null } },
    ],
  ],
  ['a write of the child does not change the parent', family('cascade', 'cascade'), remove('child'), []],
  ['a table unknown to the schema has no consequences', family('cascade'), remove('ghost'), []],
  [
    'table names are case-insensitive',
    family('cascade'),
    remove('Parent'),
    [{ table: 'child', effect: 'delete', before: { parent_id: [1] } }],
  ],
]

describe('referential actions', () => {
  it.each(actions)('%s', (_, definition, change, expected) => {
    expect(following(definition, change)).toEqual(expected)
    expect(withActions(definition, [change])[0]).toBe(change)
  })

  it('a composite foreign key pins its children by those of its columns that are pinned', () => {
    const tables = schema(
      table('parent', [column('a'), column('b')]),
      table('child', [nullable('x'), nullable('y')], {
        foreignKeys: [
          reference(['y', 'x'], 'parent', ['b', 'a'], { onDelete: 'cascade', onUpdate: 'cascade' }),
        ],
      }),
    )
    const deletion = (before: Change['before']) =>
      following(tables, { table: 'parent', effect: 'delete', ...(before && { before }) })
    expect(deletion({ a: [1], b: [2, 3] })[0]?.before).toEqual({ x: [1], y: [2, 3] })
    expect(deletion({ b: [2] })[0]?.before).toEqual({ y: [2] })
    expect(deletion(undefined)[0]?.before).toBeUndefined()
    expect(
      following(tables, { table: 'parent', effect: 'update', before: { a: [1] }, sets: { b: 5 } }),
    ).toEqual([{ table: 'child', effect: 'update', before: { x: [1] }, sets: { y: UNKNOWN, x: UNKNOWN } }])
  })

  it('a relation with unknown columns makes every row of the child table unknown', () => {
    const tables = schema(
      table('parent', [column('id')]),
      table('child', [], {
        foreignKeys: [reference([], 'parent', [], { onDelete: 'cascade', onUpdate: 'cascade' })],
      }),
    )
    expect(following(tables, remove('parent'))).toContainEqual(wholly('child'))
    expect(following(tables, { ...rename('parent'), sets: { name: 'x' } })).toContainEqual(wholly('child'))
  })

  it('a generated referenced column may change with any update', () => {
    const tables = schema(
      table('parent', [column('id'), column('name', 'text'), column('slug', 'text', { generated: true })]),
      table('child', [nullable('slug', 'text')], {
        foreignKeys: [reference(['slug'], 'parent', ['slug'], { onUpdate: 'cascade' })],
      }),
    )
    expect(following(tables, { ...rename('parent'), sets: { name: 'x' } })).toHaveLength(1)
  })

  it('a column named __proto__ pins children like any other', () => {
    const tables = schema(
      table('parent', [column('id')]),
      table('child', [nullable('__proto__')], {
        foreignKeys: [reference(['__proto__'], 'parent', ['id'], { onDelete: 'cascade' })],
      }),
    )
    expect(Object.entries(following(tables, remove('parent'))[0]?.before ?? {})).toEqual([['__proto__', [1]]])
  })
})

const cascades = { onDelete: 'cascade', onUpdate: 'cascade' } as const
/** Tables `a`, `b`, … where each pair is child and parent; a child references its parent's `id`. */
function graph(...edges: [child: string, parent: string][]): Schema {
  const names = [...new Set(edges.flat())]
  return schema(
    ...names.map((name) =>
      table(name, [column('id'), ...names.map((other) => nullable(`${other}_id`))], {
        foreignKeys: edges.flatMap(([child, parent]) =>
          child === name ? [reference([`${parent}_id`], parent, ['id'], cascades)] : [],
        ),
      }),
    ),
  )
}

const reached = (definition: Schema, ...changes: Change[]): readonly string[] =>
  [...new Set(following(definition, ...changes).map((change) => change.table))].sort()

describe('referential actions on several levels', () => {
  it('referential actions cascade a delete to children of children', () => {
    const tables = graph(['b', 'a'], ['c', 'b'], ['d', 'c'])
    expect(reached(tables, remove('a'))).toEqual(['b', 'c', 'd'])
    expect(following(tables, remove('a')).map(({ table: name, before }) => [name, before])).toEqual([
      ['b', { a_id: [1] }],
      ['c', undefined],
      ['d', undefined],
    ])
  })

  it('referential actions continue from a column set to null that is itself referenced', () => {
    const tables = schema(
      table('a', [column('id')]),
      table('b', [nullable('a_id')], {
        foreignKeys: [reference(['a_id'], 'a', ['id'], { onDelete: 'set-null' })],
      }),
      table('c', [nullable('a_id')], {
        foreignKeys: [reference(['a_id'], 'b', ['a_id'], { onUpdate: 'cascade' })],
      }),
    )
    expect(reached(tables, remove('a'))).toEqual(['b', 'c'])
  })

  it.each([
    ['a table that references itself', graph(['a', 'a']), ['a']],
    ['two tables that reference each other', graph(['b', 'a'], ['a', 'b']), ['a', 'b']],
    ['a cycle of three tables', graph(['b', 'a'], ['c', 'b'], ['a', 'c']), ['a', 'b', 'c']],
    ['a cycle behind the first table', graph(['b', 'a'], ['c', 'b'], ['b', 'c']), ['b', 'c']],
  ])(
    'referential actions end for %s, with unknown rows of the table that is reached again',
    (_, definition, tables) => {
      expect(reached(definition, remove('a'))).toEqual(tables)
      expect(following(definition, remove('a')).some((change) => change.effect === 'unknown')).toBe(true)
    },
  )

  it('referential actions reach a table by two paths', () => {
    const tables = graph(['b', 'a'], ['c', 'a'], ['d', 'b'], ['d', 'c'], ['e', 'd'])
    expect(reached(tables, remove('a'))).toEqual(['b', 'c', 'd', 'e'])
  })

  it('referential actions follow two foreign keys of one table to the same parent, each with its pins', () => {
    const keys = ['x_id', 'y_id'].map((name) => reference([name], 'a', ['id'], cascades))
    const tables = schema(
      table('a', [column('id')]),
      table('b', [nullable('x_id'), nullable('y_id')], { foreignKeys: keys }),
    )
    expect(following(tables, remove('a')).map((change) => change.before)).toEqual([
      { x_id: [1] },
      { y_id: [1] },
    ])
  })

  it('referential actions grow with the number of tables in layers, not with the number of paths', () => {
    const layers = Array.from({ length: 12 }, (_, layer) => ['x', 'y', 'z'].map((name) => `${name}${layer}`))
    const edges = layers
      .slice(1)
      .flatMap((tables, at) =>
        tables.flatMap((child) => (layers[at] ?? []).map((parent): [string, string] => [child, parent])),
      )
    expect(following(graph(...edges), remove('x0')).length).toBeLessThan(edges.length * 4)
  })

  it('referential actions follow every change, even if an earlier one reached the same table', () => {
    const tables = graph(['b', 'a'])
    expect(following(tables, remove('a', 1), remove('a', 2)).map((change) => change.before)).toEqual([
      { a_id: [1] },
      { a_id: [2] },
    ])
  })
})

describe('triggers and views', () => {
  const triggers = schema(
    table('a', [column('id')], { touches: ['B', 'ghost'] }),
    table('b', [column('id')], { touches: ['a'] }),
    table('self', [column('id')], { touches: ['Self'] }),
    table('c', [nullable('b_id')], {
      foreignKeys: [reference(['b_id'], 'b', ['id'], { onDelete: 'cascade' })],
    }),
  )
  it.each(['insert', 'update', 'delete', 'upsert', 'unknown'] as const)(
    'an %s fires the triggers, the triggers of the tables they write, and their referential actions',
    (effect) => {
      const change = { table: 'a', effect, before: { id: [1] }, sets: {} }
      expect(new Set(following(triggers, change).map((followUp) => followUp.table.toLowerCase()))).toEqual(
        new Set(['a', 'b', 'c', 'ghost']),
      )
    },
  )

  it('a trigger on its own table makes every row of it unknown', () => {
    expect(following(triggers, remove('self'))).toContainEqual(expect.objectContaining({ effect: 'unknown' }))
  })

  it('a write to a view writes the tables that it reads', () => {
    const tables = schema(table('v', [], { reads: ['a'] }), table('a', [column('id')]))
    expect(following(tables, { table: 'v', effect: 'insert', sets: {} })).toEqual([wholly('a')])
  })
})
