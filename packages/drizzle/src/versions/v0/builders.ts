import type { Builders } from '../dialect.ts'

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
  buildRelationalQuery: (_, __, inner) => ({ kind: 'relational', inner }),
  buildRelationalQueryWithoutPK: (_, __, inner) => ({ kind: 'relational', inner }),
  buildRelationalQueryWithoutLateralSubqueries: (_, __, inner) => ({ kind: 'relational', inner }),
}
