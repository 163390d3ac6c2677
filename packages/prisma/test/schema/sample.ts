import type {
  Datamodel,
  DatamodelField,
  DatamodelModel,
  RelationField,
  ScalarField,
} from '../../src/schema/datamodel.ts'

/** A scalar field with the dullest properties, and those given. */
export const scalar = (type: string, rest: Partial<ScalarField> = {}): ScalarField => ({
  ...{ kind: 'scalar', type, column: 'x', list: false, required: true, hasDefault: false, updatedAt: false },
  native: null,
  ...rest,
})

export const relation = (
  model: string,
  opposite: string,
  rest: Partial<RelationField> = {},
): RelationField => ({
  ...{ kind: 'relation', model, relation: `${model}-${opposite}`, opposite, list: false, required: true },
  ...{ fields: [], references: [] },
  ...rest,
})

/** A model whose columns are named after its fields. */
export const model = (
  table: string,
  fields: Record<string, DatamodelField>,
  rest: Partial<DatamodelModel> = {},
): DatamodelModel => {
  const named = Object.entries(fields).map(([name, field]) => [
    name,
    field.kind !== 'relation' && field.column === 'x' ? { ...field, column: name } : field,
  ])
  return {
    table,
    schema: null,
    view: false,
    primary: [],
    uniques: [],
    ...rest,
    fields: Object.fromEntries(named),
  }
}

export const sample = (models: Record<string, DatamodelModel>, provider = 'postgresql'): Datamodel => ({
  ...{ version: 1, provider, relationMode: 'foreignKeys', digest: 'test', models, enums: {} },
})
