import { CacheError } from '@larder/core'
import type { SqlDialect } from '@larder/core/host'
import type { Casing, TablePolicies } from '@larder/drizzle'
import type { Datamodel, ModelPolicies } from '@larder/prisma'
import { loadPackage, reasonOf } from '../connection.ts'
import { DoctorError } from '../doctor-error.ts'
import type { Declared, Sources } from './declared.ts'
import { loadExport, loadModule, type Module } from './load-module.ts'

/** Loads the tables that an application declares. @throws DoctorError with what is wrong with its modules. */
export async function loadDeclared(sources: Sources): Promise<Declared> {
  const module = await loadModule(sources.schema)
  // A CommonJS module has its exports under `default`.
  const exported = { ...(isObject(module.default) ? module.default : {}), ...module }
  try {
    const datamodel = Object.values(exported).find(isDatamodel)
    if (datamodel) return await loadPrisma(datamodel, sources)
    if (Object.values(exported).some(isDrizzleEntity)) return await loadDrizzle(exported, sources)
  } catch (error) {
    // The user knows the file, so the message is enough.
    throw error instanceof CacheError ? new DoctorError(reasonOf(error)) : error
  }
  throw new DoctorError(
    `${sources.schema} exports neither a datamodel nor tables: give the file that the generator larder-prisma writes, or the module that exports Drizzle's tables`,
  )
}

async function loadPrisma(
  datamodel: Datamodel,
  { models, tables, casing, collation }: Sources,
): Promise<Declared> {
  if (tables !== undefined || casing !== undefined)
    throw new DoctorError(
      `--${tables === undefined ? 'casing' : 'tables'} is for Drizzle schemas: use --models for Prisma`,
    )
  const policies = models === undefined ? undefined : await loadExport(models, 'models', 'prismaCache')
  const { tablesOf } = await loadPackage('@larder/prisma', () => import('@larder/prisma'))
  return {
    schema: tablesOf(datamodel, policies as ModelPolicies<Datamodel> | undefined, { collation }),
    dialect: PROVIDERS[datamodel.provider],
    emulated: datamodel.relationMode === 'prisma',
  }
}

const PROVIDERS: Readonly<Record<string, SqlDialect>> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  mysql: 'mysql',
  sqlite: 'sqlite',
}

async function loadDrizzle(
  exported: Module,
  { models, tables, casing, collation }: Sources,
): Promise<Declared> {
  if (models !== undefined) throw new DoctorError('--models is for Prisma: use --tables for Drizzle schemas')
  const policies = tables === undefined ? undefined : await loadExport(tables, 'tables', 'drizzleCache')
  const { tablesOf } = await loadPackage('@larder/drizzle', () => import('@larder/drizzle'))
  const schema = tablesOf(exported, policies as TablePolicies<Module> | undefined, {
    casing: casing as Casing | undefined,
    collation,
  })
  if (collation !== undefined && schema.dialect !== 'mysql')
    throw new DoctorError('--collation is for MySQL and MariaDB, and these tables are not: leave it out')
  return { schema, dialect: schema.dialect, emulated: false }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isDatamodel(value: unknown): value is Datamodel {
  return isObject(value) && 'models' in value && 'version' in value && 'digest' in value
}

/** Recognizes a table or view by Drizzle's symbols, before its package is loaded. */
function isDrizzleEntity(value: unknown): boolean {
  return (
    isObject(value) &&
    (Symbol.for('drizzle:IsDrizzleTable') in value || Symbol.for('drizzle:ViewBaseConfig') in value)
  )
}
