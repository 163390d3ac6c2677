/** A referential action as written in the Prisma schema, defaults resolved by the generator. */
export type PrismaAction = 'Cascade' | 'SetNull' | 'SetDefault' | 'Restrict' | 'NoAction'

/** A scalar or enum field and the physical column behind it. */
export interface ScalarField {
  readonly kind: 'scalar' | 'enum'
  /** Prisma scalar (`'Int'`, `'String'` …) or the name of the enum. */
  readonly type: string
  /** Physical column name. */
  readonly column: string
  readonly list: boolean
  readonly required: boolean
  /** The database or Prisma gives a value when a create omits it. */
  readonly hasDefault: boolean
  /** `@updatedAt`: every update sets it. */
  readonly updatedAt: boolean
  /** Native type without arguments, such as `'Uuid'`, `'Citext'`, `'Char'`; null where the default is used. */
  readonly native: string | null
  /** A `dbgenerated` expression that names other columns: the database may change it in any write. */
  readonly generated?: true
}

/** A relation field. */
export interface RelationField {
  readonly kind: 'relation'
  /** Name of the other model. */
  readonly model: string
  /** Relation name: the same on both sides. */
  readonly relation: string
  /** Name of the relation field on the other side. */
  readonly opposite: string
  readonly list: boolean
  readonly required: boolean
  /** Fields of this model that hold the foreign key; empty where the other side holds it, or a join table does. */
  readonly fields: readonly string[]
  /** Fields of the other model they reference. */
  readonly references: readonly string[]
  /** Resolved actions; present where `fields` is not empty. */
  readonly onDelete?: PrismaAction
  readonly onUpdate?: PrismaAction
  /** Physical implicit join table of a many-to-many relation; `side` is this model's column in it. */
  readonly join?: { readonly table: string; readonly side: 'A' | 'B' }
}

export type DatamodelField = ScalarField | RelationField

/** A model and its physical table. */
export interface DatamodelModel {
  readonly table: string
  /** `@@schema`, where the schema names several; not part of any tag. */
  readonly schema: string | null
  readonly view: boolean
  readonly fields: Readonly<Record<string, DatamodelField>>
  /** Field names of the primary key; empty for a model that has only unique keys. */
  readonly primary: readonly string[]
  /** Unique keys: the name used in `where` (the field, or the compound name) and its fields. Includes a compound primary key. */
  readonly uniques: readonly { readonly name: string; readonly fields: readonly string[] }[]
}

/** What `larder-prisma` emits and `prismaCache({ datamodel })` takes. */
export interface Datamodel {
  /** Version of this shape: another one is refused with a message that says to run `prisma generate`. */
  readonly version: 1
  readonly provider: string
  /** `relationMode` of the datasource: under `'prisma'` the client itself carries out the actions. */
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** Digest of the schema's text: a client made from another text is refused. */
  readonly source?: string
  /** Digest of the schema: part of every entry key. */
  readonly digest: string
  readonly models: Readonly<Record<string, DatamodelModel>>
  /** Enum name to value to database value. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, string>>>>
}
