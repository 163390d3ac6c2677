/**
 * A relation field with its other side, its actions and its join table.
 * An action the schema leaves out is absent in the DMMF too; Prisma then takes SetNull for an optional relation,
 * Restrict for a required one, and Cascade on update. (An optional relation over a required column defaults to Restrict
 * in the database: taking it for SetNull invalidates more than it must, never less.)
 */
export function relationField(model, field, dmmf) {
  const opposite = oppositeOf(model, field, dmmf)
  const result = {
    kind: 'relation',
    model: field.type,
    relation: field.relationName,
    opposite: opposite.name,
    list: field.isList,
    required: field.isRequired,
    fields: [...(field.relationFromFields ?? [])],
    references: [...(field.relationToFields ?? [])],
  }
  if (result.fields.length > 0) {
    result.onDelete = field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull')
    result.onUpdate = field.relationOnUpdate ?? 'Cascade'
  }
  if (field.isList && opposite.isList) {
    result.join = { table: `_${field.relationName}`, side: sideOf(model, field, opposite) }
  }
  return result
}

/** The field of the same relation in the other model; in a self relation, the one that is not this field. */
function oppositeOf(model, field, dmmf) {
  const other = dmmf.models.find((candidate) => candidate.name === field.type)
  const found = other?.fields.find(
    (candidate) =>
      candidate.kind === 'object' &&
      candidate.relationName === field.relationName &&
      !(other.name === model.name && candidate.name === field.name),
  )
  if (found !== undefined) return found
  throw new Error(
    `larder-prisma: relation '${field.relationName}' of ${model.name}.${field.name} has no field on ${field.type}; the schema is not valid.`,
  )
}

/** Column A belongs to the model whose name sorts first; in a self relation, to the field whose name does. */
function sideOf(model, field, opposite) {
  const first = model.name === field.type ? field.name < opposite.name : model.name < field.type
  return first ? 'A' : 'B'
}
