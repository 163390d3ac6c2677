import type { Schema } from '@larder/core/host'
import type { Catalogue } from './catalogue.ts'
import { compare, type Use } from './compare/compare.ts'
import { compareServer } from './compare/server.ts'
import type { Finding, Level } from './finding.ts'

/** What is examined. */
export interface Examined extends Use {
  /** The tables as a client's cache knows them, if a database is to be compared with them. */
  readonly schema?: Schema
  /** What the database says of itself. */
  readonly catalogue?: Catalogue
  /** What the releases of a rolling deploy do not know of each other. */
  readonly releases?: readonly Finding[]
  /** What the store's servers were found to be set to. */
  readonly advice?: readonly Finding[]
}

const WEIGHT: Readonly<Record<Level, number>> = { danger: 0, warning: 1, note: 2 }

/** Compares what is declared with what is there, worst first. Pure. */
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
