import { randomBytes } from 'node:crypto'
import type { FinishRequest, MarkRequest, TagReply, TagRequest } from '@larder/core/store'
import { isMoving } from '../connection/failure.ts'
import type { Reply } from '../connection/send.ts'
import type { LeaseOf } from '../feed/feed.ts'
import { FINISH } from '../scripts/finish.ts'
import { MARK } from '../scripts/mark.ts'
import type { RunOnKey } from '../scripts/run-on-key.ts'
import { runScripts, type ScriptCall, scriptOf } from '../scripts/run-script.ts'
import { SEED } from '../scripts/seed.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import { type ReportWithoutEpoch, reportOf, trustedNodeOf } from './tag-report.ts'
import { stateOf } from './tag-text.ts'

/** Most cells that one script call touches: the server serves nobody else while it runs. */
const MOST_CELLS = 100

const seedScript = scriptOf(SEED)
const markScript = scriptOf(MARK)
const finishScript = scriptOf(FINISH)

/** Changes the tags of one table by script, some cells at a time. */
export interface TagChanges {
  seed(request: TagRequest, lifetime: number): Promise<TagReply>
  /** @returns the report that the request asks for, if one call on one server could make all of it. */
  mark(request: MarkRequest): Promise<ReportWithoutEpoch | undefined>
  finish(request: FinishRequest): Promise<ReportWithoutEpoch | undefined>
}

/** @param runAlone runs a call on one key while its slot moves. */
export function tagChanges(topology: Topology, runAlone: RunOnKey, leaseOf: LeaseOf): TagChanges {
  const nextText = uniqueTexts()
  /** Runs calls where their slot is. False if the slot is moving. */
  const run = async (record: string, calls: readonly ScriptCall[]): Promise<readonly Reply[] | false> => {
    const node = topology.nodeOf(record)
    try {
      return await runScripts(node, calls)
    } catch (error) {
      noteError(topology, node, error)
      if (isMoving(error) && topology.clustered) return false
      throw error
    }
  }
  return {
    async seed(request, lifetime) {
      const node = topology.nodeOf(request.record)
      const { incarnation, trustPeriod } = node.requireTrust()
      const lease = leaseOf(node, incarnation)
      const replies = await runScripts(node, seedCalls(nextText, request, lifetime)).catch(
        (error: unknown) => {
          noteError(topology, node, error)
          throw error
        },
      )
      // The script may have been sent twice, so only a check that begins now is certainly answered after it.
      await node.confirm({ ...node.requireTrust(), trustPeriod })
      const states = (replies as Reply[][]).flat().map((text) => stateOf(text, incarnation))
      const { length } = request.fields
      return { ...(lease && { lease }), fields: states.slice(0, length), cells: states.slice(length) }
    },
    async mark(request) {
      const trusted = trustedNodeOf(topology, request)
      const marked = await run(request.record, markCalls(nextText, request, MOST_CELLS))
      if (marked) return reportOf(topology, request, trusted, marked)
      if (request.fields.length)
        await runAlone(markCalls(nextText, { ...request, cells: [] }, 1)[0] as ScriptCall)
      const singly = markCalls(nextText, { ...request, fields: [] }, 1)
      await Promise.all(singly.filter(({ keys }) => keys.length).map(runAlone))
      return undefined
    },
    async finish(request) {
      const { record } = request
      const trusted = trustedNodeOf(topology, request)
      const calls = finishCalls(nextText, request, MOST_CELLS)
      const last = calls.pop() as ScriptCall
      // The record comes last, after every cell is bumped: a field that keeps its nonce implies that its cells are valid.
      const bumped = !calls.length || (await run(record, calls))
      const finished = bumped && (await run(record, [last]))
      if (finished) return calls.length ? undefined : reportOf(topology, request, trusted, finished)
      const singly = finishCalls(nextText, { ...request, record: '' }, 1)
      await Promise.all(singly.filter(({ keys }) => keys.length).map(runAlone))
      if (!request.cells.includes(record))
        await runAlone(finishCalls(nextText, { ...request, cells: [] }, 1)[0] as ScriptCall)
      return undefined
    },
  }
}

/** Reacts to a server's error: refreshes the slots if a key has moved, and ends trust in a node that is no usable primary. */
export function noteError(topology: Topology, node: ValkeyNode, error: unknown): void {
  if (isMoving(error)) topology.refresh()
  else if (error instanceof Error && /^(READONLY|LOADING|MASTERDOWN)/.test(error.message)) node.suspect(error)
}

function seedCalls(
  nextText: () => string,
  { record, fields, cells }: TagRequest,
  lifetime: number,
): ScriptCall[] {
  const milliseconds = Math.max(1, Math.round(lifetime))
  // In this order: the record before its cells.
  return chunks(cells, MOST_CELLS).map((part, index) => {
    const named = index === 0 ? fields : []
    const keys = named.length ? [record, ...part] : part
    return { script: seedScript, keys, args: [nextText(), milliseconds, ...counted(named)] }
  })
}

function markCalls(nextText: () => string, request: MarkRequest, most: number): ScriptCall[] {
  const { record, token, fields, known, cells, lifetime } = request
  return chunks(cells, most).map((part, index) => {
    const named = index === 0 ? fields : []
    const keys = named.length ? [record, ...part] : part
    const args = [
      nextText(),
      token,
      Math.round(lifetime),
      ...counted(named),
      ...counted(named.length ? known : []),
      ...reportArgs(request, keys),
    ]
    return { script: markScript, keys, args }
  })
}

/** The last call has the record. */
function finishCalls(nextText: () => string, request: FinishRequest, most: number): ScriptCall[] {
  const { record, token, untouched, keep, cells, unchanged } = request
  const life = unchanged ? Math.max(1, Math.round(unchanged.lifetime)) : 0
  const parts = chunks(cells, most)
  return parts.map((part, index) => {
    // A user tag is a cell that has the name of its record.
    const has = index === parts.length - 1 && record !== '' && !cells.includes(record)
    const fields = has ? [...counted(untouched), ...counted(keep)] : [0, 0]
    const keys = has ? [record, ...part] : part
    return {
      script: finishScript,
      keys,
      args: [nextText(), token, Number(has), life, ...fields, ...reportArgs(request, keys)],
    }
  })
}

/** Makes texts that no call of any process has sent before. The server's time distinguishes two executions of one call. */
function uniqueTexts(): () => string {
  const stem = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${stem}${(count++).toString(36)}`
}

function counted(names: readonly string[]): readonly (string | number)[] {
  return [names.length, ...names]
}

/** The arguments for a report: everything asked for, or nothing if the call does not touch all of it. */
function reportArgs(
  { record, reportOn }: MarkRequest | FinishRequest,
  keys: readonly string[],
): readonly (string | number)[] {
  if (!reportOn || !keys.includes(record) || !reportOn.cells.every((cell) => keys.includes(cell)))
    return NO_REPORT
  const places = reportOn.cells.map((cell) => String(keys.indexOf(cell) + 1))
  return [Math.max(1, Math.round(reportOn.lifetime)), ...counted(reportOn.fields), ...counted(places)]
}

const NO_REPORT: readonly number[] = [0]

/** At least one part, which may be empty. */
function chunks(cells: readonly string[], most: number): (readonly string[])[] {
  const parts = [cells.slice(0, most)]
  for (let from = most; from < cells.length; from += most) parts.push(cells.slice(from, from + most))
  return parts
}
