import type { Datamodel, DatamodelModel, PrismaAction, RelationField } from './datamodel.ts'

/** Two physical columns that a relation equates: `own` in this model's table, `target` in the other model's. */
export interface ColumnPair {
  readonly source: string
  readonly target: string
}

/** One side of a join table: `column` (A or B) contains the value of the column `references` of that side's model. */
export interface JoinSide {
  readonly column: 'A' | 'B'
  readonly references: string
}

/** The implicit join table of a many-to-many relation, from the view of one model. */
export interface Join {
  /** Bare name in lower case. */
  readonly table: string
  /** The column of the join table that contains this model's key, and the column of this model that it references. */
  readonly source: JoinSide
  /** The same for the other model. */
  readonly target: JoinSide
  /**
   * True if the database enforces the foreign keys of the join table, so that every row of it refers to existing rows. False under
   * `relationMode = "prisma"`, and for databases where the check may be switched off.
   */
  readonly enforced: boolean
}

/**
 * A relation field, resolved to physical names. `holder` is the table with the foreign key: `'own'` is this model's, `'target'` the
 * other model's, `'join'` a join table. `'unknown'`: there is no datamodel, and it may be any of them.
 */
export interface Relation {
  readonly field: string
  readonly target: string
  /** Bare name of the other model's table, in lower case. */
  readonly table: string
  /** Relation field of the other model. */
  readonly opposite: string
  readonly list: boolean
  readonly required: boolean
  readonly holder: 'own' | 'target' | 'join' | 'unknown'
  /** All tables on which a read of this relation depends: the other model's, and a join table that exists or may exist. */
  readonly tables: readonly string[]
  /** Empty for a join table and for an unknown holder. */
  readonly pairs: readonly ColumnPair[]
  /** Present if `holder` is `'join'`. */
  readonly join?: Join
  /** The actions on rows of the holder. Absent if `holder` is `'unknown'` or `'join'`. */
  readonly onDelete?: PrismaAction
  readonly onUpdate?: PrismaAction
}

/** Resolves a relation field. @param keyed false for a datamodel that was derived from a client: holders are then unknown. */
export function relationOf(
  datamodel: Datamodel,
  model: string,
  field: string,
  description: RelationField,
  keyed: boolean,
): Relation {
  const source = datamodel.models[model]
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
  if (!keyed || source === undefined || target === undefined || other?.kind !== 'relation') {
    const join = bareName(`_${description.relation}`)
    return { ...base, holder: 'unknown', tables: [table, join], pairs: [] }
  }
  if (description.join !== undefined) {
    const join = joinOf(datamodel, source, target, description.join)
    return { ...base, holder: 'join', tables: [table, join.table], pairs: [], join }
  }
  if (description.fields.length > 0) {
    const pairs = pairsOf(source, target, description)
    return { ...base, holder: 'own', tables: [table], pairs, ...actionsOf(description) }
  }
  const pairs = pairsOf(target, source, other).map((pair) => ({ source: pair.target, target: pair.source }))
  return { ...base, holder: 'target', tables: [table], pairs, ...actionsOf(other) }
}

/** Returns the physical column of a scalar field, or the field's own name if the model has no such scalar. */
export function columnOf(model: DatamodelModel, field: string): string {
  const description = model.fields[field]
  return description === undefined || description.kind === 'relation' ? field : description.column
}

/** Returns the name of a table as in tags: bare, in lower case. */
export function bareName(table: string): string {
  return table.toLowerCase()
}

/** Returns the field that an implicit join table references. Prisma requires an `@id` field for it. */
export function joinKey(model: DatamodelModel): string {
  return model.primary[0] ?? 'id'
}

function pairsOf(
  holder: DatamodelModel,
  target: DatamodelModel,
  field: RelationField,
): readonly ColumnPair[] {
  return field.fields.map((name, index) => ({
    source: columnOf(holder, name),
    target: columnOf(target, field.references[index] ?? name),
  }))
}

function actionsOf(holder: RelationField): { onDelete: PrismaAction; onUpdate: PrismaAction } {
  // Without an action in the datamodel, Cascade is the safe assumption, because it changes the most.
  return { onDelete: holder.onDelete ?? 'Cascade', onUpdate: holder.onUpdate ?? 'Cascade' }
}

function joinOf(
  datamodel: Datamodel,
  source: DatamodelModel,
  target: DatamodelModel,
  join: { readonly table: string; readonly side: 'A' | 'B' },
): Join {
  return {
    table: bareName(join.table),
    source: { column: join.side, references: columnOf(source, joinKey(source)) },
    target: { column: join.side === 'A' ? 'B' : 'A', references: columnOf(target, joinKey(target)) },
    // SQLite enforces foreign keys only on connections that switch this on, which the schema does not show.
    enforced: datamodel.relationMode === 'foreignKeys' && datamodel.provider !== 'sqlite',
  }
}
