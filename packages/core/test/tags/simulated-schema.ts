import type { Action, Schema, Table } from '../../src/plan/table.ts'
import { column, foreign, named, nullable, primary, reference, schema, table, unique } from './tables.ts'

/** What a run of the simulator varies about its schema. */
export interface Shape {
  /** onDelete and onUpdate of each foreign key, in the order of {@link FOREIGN_KEYS}. */
  readonly actions: readonly (readonly [Action, Action])[]
  /** `[a, b]`: every write of `a` fires a trigger that writes `b`. */
  readonly triggers: readonly (readonly [string, string])[]
}

/** Columns, table and referenced columns of each foreign key of the simulated database. */
export const FOREIGN_KEYS = [
  { child: 'child', columns: ['parent_id'], parent: 'parent', references: ['id'] },
  { child: 'child', columns: ['owner'], parent: 'parent', references: ['code'] },
  { child: 'child', columns: ['region', 'slot'], parent: 'parent', references: ['region', 'slot'] },
  { child: 'note', columns: ['child_id'], parent: 'child', references: ['id'] },
  { child: 'note', columns: ['up_id'], parent: 'note', references: ['id'] },
  { child: 'note', columns: ['parent_size'], parent: 'parent', references: ['size'] },
] as const

/** `size` is generated from `id`, `bucket` from `grade`; `grade` has a default; the view shows every parent. */
export const TABLES: readonly Table[] = [
  table(
    'parent',
    [
      column('id'),
      column('code', 'text'),
      nullable('alias', 'text'),
      column('region'),
      column('slot'),
      column('size', 'integer', { generated: true }),
    ],
    { keys: [primary('id'), unique('code'), unique('alias'), unique('region', 'slot'), unique('size')] },
  ),
  table(
    'child',
    [
      column('id'),
      nullable('parent_id'),
      nullable('owner', 'text'),
      nullable('region'),
      nullable('slot'),
      nullable('kind', 'text'),
      column('grade', 'integer', { hasDefault: true }),
      column('bucket', 'integer', { generated: true }),
    ],
    {
      keys: [
        primary('id'),
        foreign('parent_id'),
        foreign('owner'),
        foreign('region', 'slot'),
        named('kind', 'grade'),
        named('bucket'),
      ],
    },
  ),
  table(
    'note',
    [column('id'), nullable('child_id'), nullable('up_id'), nullable('parent_size'), nullable('body')],
    {
      keys: [primary('id'), foreign('child_id'), foreign('up_id'), foreign('parent_size')],
    },
  ),
  table('v_parent', [column('id'), column('code', 'text'), column('region'), column('slot')], {
    keys: [primary('id'), unique('code')],
    reads: ['parent'],
  }),
]

export function schemaOf(shape: Shape): Schema {
  return schema(
    ...TABLES.map((definition) => ({
      ...definition,
      touches: shape.triggers.flatMap(([from, to]) => (from === definition.name ? [to] : [])),
      foreignKeys: FOREIGN_KEYS.flatMap((key, index) => {
        if (key.child !== definition.name) return []
        const [onDelete = 'restrict', onUpdate = 'restrict'] = shape.actions[index] ?? []
        return [reference(key.columns, key.parent, key.references, { onDelete, onUpdate })]
      }),
    })),
  )
}

/** The same database as another client knows it: `drop[i]` decides on the i-th key of every table. */
export function otherView(full: Schema, drop: readonly ('keep' | 'drop' | 'named')[]): Schema {
  let index = 0
  return schema(
    ...[...full.tables.values()].map((definition) => ({
      ...definition,
      keys: definition.keys.flatMap((key) => {
        const fate = drop[index++ % drop.length]
        return fate === 'drop' ? [] : [fate === 'named' ? named(...key.columns) : key]
      }),
    })),
  )
}
