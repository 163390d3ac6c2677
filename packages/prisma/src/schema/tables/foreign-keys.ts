import type { Action, ForeignKey } from '@larder/core/host'
import type { Datamodel, DatamodelModel, PrismaAction, RelationField } from '../datamodel.ts'
import { bareName, columnOf } from '../relation.ts'

const ACTIONS: Readonly<Record<PrismaAction, Action>> = {
  Cascade: 'cascade',
  SetNull: 'set-null',
  SetDefault: 'set-default',
  Restrict: 'restrict',
  NoAction: 'no-action',
}

/** Returns the foreign keys in a model's own table, with resolved actions. */
export function foreignKeysOf(datamodel: Datamodel, model: DatamodelModel): ForeignKey[] {
  const keys: ForeignKey[] = []
  for (const field of Object.values(model.fields)) {
    if (field.kind === 'relation' && field.fields.length > 0) keys.push(foreignKeyOf(datamodel, model, field))
  }
  return keys
}

function foreignKeyOf(datamodel: Datamodel, model: DatamodelModel, field: RelationField): ForeignKey {
  const target = datamodel.models[field.model]
  return {
    columns: field.fields.map((name) => columnOf(model, name)),
    table: bareName(target?.table ?? field.model),
    references: field.references.map((name) => (target === undefined ? name : columnOf(target, name))),
    // Without an action in the datamodel, Cascade is the safe assumption, because it changes the most.
    onDelete: ACTIONS[field.onDelete ?? 'Cascade'],
    onUpdate: ACTIONS[field.onUpdate ?? 'Cascade'],
  }
}
