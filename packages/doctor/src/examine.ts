import type { Schema } from '@larder/core/host'
import type { Catalogue } from './catalogue.ts'
import { compare, type Use } from './compare/compare.ts'
import { compareServer } from './compare/server.ts'
import type { Finding, Level } from './finding.ts'

/** The input of {@link examine}. All of it is optional. */
export interface Examined extends Use {
  /** The tables as the client's cache knows them. Needed to compare them with a database. */
  readonly schema?: Schema
  /** What the database says about itself. */
  readonly catalogue?: Catalogue
  /** Findings of `compareReleases`. */
  readonly releases?: readonly Finding[]
  /** Findings about the servers of the store. */
  readonly advice?: readonly Finding[]
}

const WEIGHT: Readonly<Record<Level, number>> = { danger: 0, warning: 1, note: 2 }

/**
 * Compares what is declared with what the database says. Pure.
 * @returns findings, the worst first.
 * @example
 * ```ts
 * import { connectDatabase, examine, report } from '@larder/doctor'
 * import { tablesOf } from '@larder/prisma'
 *
 * const connection = await connectDatabase(process.env.DATABASE_URL ?? '')
 * const catalogue = await connection.readCatalogue()
 * console.log(report(examine({ catalogue, schema: tablesOf(datamodel) })))
 * await connection.close()
 * ```
 */
export function examine({
  schema,
  catalogue,
  releases = [],
  advice = [],
  ignore = [],
  ...use
}: Examined): readonly Finding[] {
  const findings = [
    ...(catalogue && schema ? compare(schema, catalogue, { ...use, ignore }) : []),
    ...(catalogue ? compareServer(catalogue) : []),
    ...releases,
    ...advice,
  ]
  return findings
    .filter(({ code, subject }) => !ignore.includes(code) && !ignore.includes(`${code}:${subject}`))
    .sort((a, b) => WEIGHT[a.level] - WEIGHT[b.level] || (a.subject < b.subject ? -1 : 1))
}
