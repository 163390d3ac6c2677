import type { SQL } from 'drizzle-orm'
import type { Built } from '../builder-config.ts'
import type { Builders } from '../override-dialect.ts'
import { shapeOf } from './shape.ts'

/** What each method of a 0.45 dialect builds. */
export const builders: Builders = {
  buildSelectQuery: ([config]) => ({ kind: 'select', config: config as never }),
  buildInsertQuery: ([config]) => ({ kind: 'insert', config: config as never }),
  buildUpdateQuery: ([config]) => ({ kind: 'update', config: config as never }),
  buildDeleteQuery: ([config]) => ({ kind: 'delete', config: config as never }),
  buildUpdateSet: ([, set]) => ({ kind: 'set', set: set as never }),
  buildRefreshMaterializedViewQuery: ([config]) => ({
    kind: 'refresh',
    view: (config as { view: unknown }).view,
  }),
  buildRelationalQuery: relational,
  buildRelationalQueryWithoutPK: relational,
  buildRelationalQueryWithoutLateralSubqueries: relational,
}

function relational(
  [asked]: readonly unknown[],
  _: SQL,
  inner: Built | undefined,
  made: unknown,
): Extract<Built, { kind: 'relational' }> {
  return { kind: 'relational', inner, shape: () => shapeOf(asked, made) }
}
