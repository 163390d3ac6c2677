import type { Datamodel, DatamodelModel, PrismaAction, RelationField } from './datamodel.ts'

/** A pair of physical columns that a relation equates: `own` of this model's table, `target` of the other's. */
export interface ColumnPair {
  readonly own: string
  readonly target: string
}

/** One half of a join table: `column` (A or B) holds the value of `references` of the model on that side. */
export interface JoinSide {
  readonly column: 'A' | 'B'
  readonly references: string
}

/** The implicit join table of a many-to-many relation, seen from one side. */
export interface Join {
  /** Name as in the schema of tables: bare, lower case. */
  readonly table: string
  /** Column of the join table that holds this model's key, and the column of this model it references. */
  readonly own: JoinSide
  /** The same for the other model. */
  readonly target: JoinSide
  /**
   * The database has the foreign keys of the join table, as far as the schema tells: no row of it names a row that is
   * not there. False where the client stands in for them, and where the database may be told not to check them.
   */
  readonly enforced: boolean
}

/**
 * A relation field with everything resolved to physical names.
 * - `holder: 'own'`: this model's table has the foreign key; `'target'`: the other's; `'join'`: a join table.
 *   `'unknown'`: made without a datamodel, any of the three.
 */
export interface Relation {
  readonly field: string
  readonly target: string
  /** Table of the other model, as in the schema of tables. */
  readonly table: string
  /** Relation field of the other model. */
  readonly opposite: string
  readonly list: boolean
  readonly required: boolean
  readonly holder: 'own' | 'target' | 'join' | 'unknown'
  /** All tables a read of this relation depends on: the other model's, and the join table that there is or may be. */
  readonly tables: readonly string[]
  /** Empty for a join table and for an unknown holder. */
  readonly pairs: readonly ColumnPair[]
  /** Present exactly where `holder` is `'join'`. */
  readonly join?: Join
  /** What happens to the holder's rows; present unless `holder` is `'unknown'` or `'join'`. */
  readonly onDelete?: PrismaAction
  readonly onUpdate?: PrismaAction
}

/** Resolves a relation field. `keyed` is false where the datamodel came from a client: holders are then unknown. */
export function relationOf(
  datamodel: Datamodel,
  model: string,
  field: string,
  description: RelationField,
  keyed: boolean,
): Relation {
  const own = datamodel.models[model]
  const target = datamodel.models[description.model]
  const other = target?.fields[description.opposite]
  const table = bareName(target?.table ?? description.model)
  const base = {
    field,
    target: description.model,
    table,
    opposite: description.opposite,
    list: description.list,
    required: description.required,
  }
  if (!keyed || own === undefined || target === undefined || other?.kind !== 'relation') {
    const join = bareName(`_${description.relation}`)
    return { ...base, holder: 'unknown', tables: [table, join], pairs: [] }
  }
  if (description.join !== undefined) {
    const join = joinOf(datamodel, own, target, description.join)
    return { ...base, holder: 'join', tables: [table, join.table], pairs: [], join }
  }
  if (description.fields.length > 0) {
    const pairs = pairsOf(own, target, description)
    return { ...base, holder: 'own', tables: [table], pairs, ...actionsOf(description) }
  }
  const pairs = pairsOf(target, own, other).map((pair) => ({ own: pair.target, target: pair.own }))
  return { ...base, holder: 'target', tables: [table], pairs, ...actionsOf(other) }
}

/** Physical column of a scalar field; the field's own name where the model has no such scalar. */
export function columnOf(model: DatamodelModel, field: string): string {
  const description = model.fields[field]
  return description === undefined || description.kind === 'relation' ? field : description.column
}

/** The name of a table in the schema of tables and in tags: bare, lower case. */
export function bareName(table: string): string {
  return table.toLowerCase()
}

/** The field an implicit join table references: Prisma allows one only between models with an `@id` field. */
export function joinKey(model: DatamodelModel): string {
  return model.primary[0] ?? 'id'
}

function pairsOf(
  holder: DatamodelModel,
  target: DatamodelModel,
  field: RelationField,
): readonly ColumnPair[] {
  return field.fields.map((name, index) => ({
    own: columnOf(holder, name),
    target: columnOf(target, field.references[index] ?? name),
  }))
}

function actionsOf(holder: RelationField): { onDelete: PrismaAction; onUpdate: PrismaAction } {
  // Cascade is what reaches furthest: right for a datamodel that does not say.
  return { onDelete: holder.onDelete ?? 'Cascade', onUpdate: holder.onUpdate ?? 'Cascade' }
}

function joinOf(
  datamodel: Datamodel,
  own: DatamodelModel,
  target: DatamodelModel,
  join: { readonly table: string; readonly side: 'A' | 'B' },
): Join {
  return {
    table: bareName(join.table),
    own: { column: join.side, references: columnOf(own, joinKey(own)) },
    target: { column: join.side === 'A' ? 'B' : 'A', references: columnOf(target, joinKey(target)) },
    // SQLite checks foreign keys only on connections that switch it on, which no schema says.
    enforced: datamodel.relationMode === 'foreignKeys' && datamodel.provider !== 'sqlite',
  }
}
