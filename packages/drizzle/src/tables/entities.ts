import { is, Table, View } from 'drizzle-orm'
import { physicalName, viewConfig } from '../versions/names.ts'

/** The tables and views of a Drizzle schema, by the names they are exported under. */
export type Entities = ReadonlyMap<string, Table | View>

/** The tables and views among the exports of a schema module. Ignores enums and relations. */
export function entitiesOf(schema: Readonly<Record<string, unknown>>): Entities {
  const entities = new Map<string, Table | View>()
  for (const [name, value] of Object.entries(schema))
    if (is(value, Table) || is(value, View)) entities.set(name, value)
  return entities
}

/** The bare physical name of a table or view. */
export function entityName(entity: Table | View): string {
  return is(entity, Table) ? physicalName(entity) : viewConfig(entity as View).originalName
}

/** The bare physical names of all tables and views, by the names they are exported under. */
export function physicalNames(entities: Entities): ReadonlyMap<string, string> {
  return new Map(Array.from(entities, ([name, entity]) => [name, entityName(entity)]))
}

export function isMaterialized(view: View): boolean {
  return Symbol.for('drizzle:PgMaterializedViewConfig') in view
}
