import type { Schema } from '@larder/core'
import { compare } from './compare.ts'
import { compareServer } from './compare-server.ts'
import type { Finding, Level } from './finding.ts'
import { type Query, readCatalogue } from './postgres/read-catalogue.ts'

/** What is examined. */
export interface Examined {
  /** The tables as a client's cache knows them, if the database is to be compared with them. */
  readonly schema?: Schema
  /** Sends one statement to the PostgreSQL to compare with. */
  readonly query?: Query
  /** Asks the store's servers for their settings. */
  readonly advice?: () => Promise<readonly Finding[]>
  /** Findings to leave out: `code`, or `code:subject`. */
  readonly ignore?: readonly string[]
}

const WEIGHT: Readonly<Record<Level, number>> = { danger: 0, warning: 1, note: 2 }

/**
 * Compares what is declared with what is there, worst first. Changes nothing.
 * @throws whatever the database or the store throws.
 */
export async function examine({ schema, query, advice, ignore = [] }: Examined): Promise<readonly Finding[]> {
  const catalogue = query && (await readCatalogue(query))
  const findings = [
    ...(catalogue && schema ? compare(schema, catalogue) : []),
    ...(catalogue ? compareServer(catalogue) : []),
    ...((await advice?.()) ?? []),
  ]
  return findings
    .filter(({ code, subject }) => !ignore.includes(code) && !ignore.includes(`${code}:${subject}`))
    .sort((a, b) => WEIGHT[a.level] - WEIGHT[b.level] || (a.subject < b.subject ? -1 : 1))
}
