import { readFileSync, writeFileSync } from 'node:fs'
import { knownServers, type Machine, type Servers } from './machine.ts'
import type { Sheet } from './sheet.ts'

/** What `--json FILE` writes. docs/performance.md describes it. */
export interface Results {
  readonly format: typeof FORMAT
  /** By the name of the group. */
  readonly groups: Readonly<Record<string, GroupResult>>
}

export interface GroupResult {
  /** ISO 8601, when the group began. */
  readonly date: string
  readonly run: 'quick' | 'full'
  readonly seconds: number
  readonly machine: Machine
  /** Versions by name of the servers that the run had connected to by the end of the group. Absent in older files. */
  readonly servers?: Servers
  readonly sheets: readonly Sheet[]
}

/** Grows when a reader of older files would misread a newer one. */
const FORMAT = 1

/** Adds the groups to those that the file has from earlier runs. */
export function writeResults(file: string, groups: Results['groups']): void {
  const earlier = readResults(file)?.groups ?? {}
  const servers = knownServers()
  const added = Object.entries(groups).map(([name, group]) => [name, { servers, ...group }] as const)
  const results: Results = { format: FORMAT, groups: { ...earlier, ...Object.fromEntries(added) } }
  writeFileSync(file, `${JSON.stringify(results, rounded, 2)}\n`)
}

/** @returns `undefined` if there is no such file. */
export function readResults(file: string): Results | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const results = JSON.parse(text) as Results
  if (results.format !== FORMAT) throw new Error(`${file} has format ${results.format}, not ${FORMAT}`)
  return results
}

/** Four digits say more than any run here is worth. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
