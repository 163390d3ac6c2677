/** A referential action of the Prisma schema. The generator has resolved the defaults. */
export type PrismaAction = 'Cascade' | 'SetNull' | 'SetDefault' | 'Restrict' | 'NoAction'

/** A scalar or enum field, and its physical column. */
export interface ScalarField {
  readonly kind: 'scalar' | 'enum'
  /** Prisma scalar (`'Int'`, `'String'` …) or the name of the enum. */
  readonly type: string
  /** Physical column name. */
  readonly column: string
  readonly list: boolean
  readonly required: boolean
  /** The database or Prisma sets a value if a create omits the field. */
  readonly hasDefault: boolean
  /** `@updatedAt`: every update sets it. */
  readonly updatedAt: boolean
  /** Native type without arguments, such as `'Uuid'`, `'Citext'`, `'Char'`. Null: the default. */
  readonly native: string | null
  /** Present for a `dbgenerated` expression over other columns: the database may change the value in any write. */
  readonly generated?: true
}

/** A relation field. */
export interface RelationField {
  readonly kind: 'relation'
  /** Name of the other model. */
  readonly model: string
  /** Name of the relation, the same on both sides. */
  readonly relation: string
  /** Name of the relation field on the other side. */
  readonly opposite: string
  readonly list: boolean
  readonly required: boolean
  /** Fields of this model that hold the foreign key. Empty if the other side or a join table holds it. */
  readonly fields: readonly string[]
  /** Fields of the other model that they reference. */
  readonly references: readonly string[]
  /** Resolved actions. Present if `fields` is not empty. */
  readonly onDelete?: PrismaAction
  readonly onUpdate?: PrismaAction
  /** The implicit join table of a many-to-many relation. `side` is this model's column in it. */
  readonly join?: { readonly table: string; readonly side: 'A' | 'B' }
}

/** A field of a model: a column, or a relation to another model. `kind` tells them apart. */
export type DatamodelField = ScalarField | RelationField

/** A model and its physical table. */
export interface DatamodelModel {
  readonly table: string
  /** `@@schema`, if the Prisma schema names several. It is not part of tags. */
  readonly schema: string | null
  readonly view: boolean
  readonly fields: Readonly<Record<string, DatamodelField>>
  /** Field names of the primary key. Empty for a model that has only unique keys. */
  readonly primary: readonly string[]
  /** Unique keys: the name used in `where` (the field, or the compound name) and its fields. Includes a compound primary key. */
  readonly uniques: readonly { readonly name: string; readonly fields: readonly string[] }[]
}

/** What the generator `larder-prisma` writes and `prismaCache({ datamodel })` takes. */
export interface Datamodel {
  /** Version of this interface. Another one is refused with the advice to run `prisma generate`. */
  readonly version: 1
  readonly provider: string
  /** `relationMode` of the datasource. With `'prisma'` the client performs the referential actions. */
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** Digest of the schema's text. A client that was generated from another text is refused. */
  readonly source?: string
  /** Digest of the schema, which is part of every entry key. */
  readonly digest: string
  readonly models: Readonly<Record<string, DatamodelModel>>
  /** Enum name to value to database value. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, string>>>>
}
