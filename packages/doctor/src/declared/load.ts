import { CacheError } from '@larder/core'
import type { SqlDialect } from '@larder/core/host'
import type { Casing, TablePolicies } from '@larder/drizzle'
import type { Datamodel, ModelPolicies } from '@larder/prisma'
import { driver, reasonOf } from '../connection.ts'
import { Mistake } from '../mistake.ts'
import type { Declared, Sources } from './declared.ts'
import { loadExport, loadModule, type Module } from './load-module.ts'

/** The tables that modules of an application declare. @throws Mistake saying what is wrong with them. */
export async function loadDeclared(sources: Sources): Promise<Declared> {
  const module = await loadModule(sources.schema)
  // A module of CommonJS shows all it exports under `default`.
  const exported = { ...(isObject(module.default) ? module.default : {}), ...module }
  try {
    const datamodel = Object.values(exported).find(isDatamodel)
    if (datamodel) return await ofPrisma(datamodel, sources)
    if (Object.values(exported).some(isDrizzles)) return await ofDrizzle(exported, sources)
  } catch (error) {
    // Which file a policy stands in is known to whoever gave it.
    throw error instanceof CacheError ? new Mistake(reasonOf(error)) : error
  }
  throw new Mistake(
    `${sources.schema} exports neither a datamodel nor tables: give the file that the generator larder-prisma writes, or the module that exports the tables of Drizzle`,
  )
}

async function ofPrisma(
  datamodel: Datamodel,
  { models, tables, casing, collation }: Sources,
): Promise<Declared> {
  if (tables !== undefined || casing !== undefined)
    throw new Mistake(
      `--${tables === undefined ? 'casing' : 'tables'} is for schemas of Drizzle: for Prisma there is --models`,
    )
  const policies = models === undefined ? undefined : await loadExport(models, 'models', 'prismaCache')
  const { tablesOf } = await driver('@larder/prisma', () => import('@larder/prisma'))
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

async function ofDrizzle(
  exported: Module,
  { models, tables, casing, collation }: Sources,
): Promise<Declared> {
  if (models !== undefined)
    throw new Mistake('--models is for Prisma: for schemas of Drizzle there is --tables')
  const policies = tables === undefined ? undefined : await loadExport(tables, 'tables', 'drizzleCache')
  const { tablesOf } = await driver('@larder/drizzle', () => import('@larder/drizzle'))
  const schema = tablesOf(exported, policies as TablePolicies<Module> | undefined, {
    casing: casing as Casing | undefined,
    collation,
  })
  if (collation !== undefined && schema.dialect !== 'mysql')
    throw new Mistake('--collation is for MySQL and MariaDB, and these tables are not: leave it out')
  return { schema, dialect: schema.dialect, emulated: false }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isDatamodel(value: unknown): value is Datamodel {
  return isObject(value) && 'models' in value && 'version' in value && 'digest' in value
}

/** Drizzle's own signs of a table and of a view: to be told before its package is loaded. */
function isDrizzles(value: unknown): boolean {
  return (
    isObject(value) &&
    (Symbol.for('drizzle:IsDrizzleTable') in value || Symbol.for('drizzle:ViewBaseConfig') in value)
  )
}
