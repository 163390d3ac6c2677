import { randomBytes } from 'node:crypto'
import type { FinishRequest, MarkRequest, TagReply, TagRequest } from '@larder/core/store'
import { isMoving } from '../connection/failure.ts'
import type { Answer } from '../connection/send.ts'
import type { LeaseOf } from '../feed/feed.ts'
import { FINISH } from '../scripts/finish.ts'
import type { RunAlone } from '../scripts/key-by-key.ts'
import { MARK } from '../scripts/mark.ts'
import { runScripts, type ScriptCall, scriptOf } from '../scripts/run-script.ts'
import { SEED } from '../scripts/seed.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import { stateOf } from './tag-text.ts'
import { askedOf, type Witnessed, witnessed } from './witness.ts'

/** Most cells one script call touches: nobody else is served while it runs. */
const MOST_CELLS = 100

const seedScript = scriptOf(SEED)
const markScript = scriptOf(MARK)
const finishScript = scriptOf(FINISH)

/** Changes the tags of one table by script, some cells at a time. */
export interface TagChanges {
  seed(request: TagRequest, lifetime: number): Promise<TagReply>
  /** Tells what was witnessed, where one call on one server saw all of it. */
  mark(request: MarkRequest): Promise<Witnessed | undefined>
  finish(request: FinishRequest): Promise<Witnessed | undefined>
}

/** @param alone runs a call on one key while its slot moves. */
export function tagChanges(topology: Topology, alone: RunAlone, leaseOf: LeaseOf): TagChanges {
  /** Runs calls where their slot is; says false when it is just moving. */
  const run = async (record: string, calls: readonly ScriptCall[]): Promise<readonly Answer[] | false> => {
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
      const { life, reign } = node.claim()
      const lease = leaseOf(node, life)
      const answers = await runScripts(node, seedCalls(request, lifetime)).catch((error: unknown) => {
        noteError(topology, node, error)
        throw error
      })
      // Perhaps sent twice, for want of the script: only a check that begins now was surely answered after it.
      await node.confirm({ ...node.claim(), reign })
      const states = (answers as Answer[][]).flat().map((text) => stateOf(text, life))
      const { length } = request.fields
      return { ...(lease && { lease }), fields: states.slice(0, length), cells: states.slice(length) }
    },
    async mark(request) {
      const asked = askedOf(topology, request)
      const marked = await run(request.record, markCalls(request, MOST_CELLS))
      if (marked) return witnessed(topology, request, asked, marked)
      if (request.fields.length) await alone(markCalls({ ...request, cells: [] }, 1)[0] as ScriptCall)
      const singly = markCalls({ ...request, fields: [] }, 1)
      await Promise.all(singly.filter(({ keys }) => keys.length).map(alone))
      return undefined
    },
    async finish(request) {
      const { record } = request
      const asked = askedOf(topology, request)
      const calls = finishCalls(request, MOST_CELLS)
      const last = calls.pop() as ScriptCall
      // The record last, and only when every cell is bumped: a kept field vouches for its cells.
      const bumped = !calls.length || (await run(record, calls))
      const finished = bumped && (await run(record, [last]))
      if (finished) return calls.length ? undefined : witnessed(topology, request, asked, finished)
      const singly = finishCalls({ ...request, record: '' }, 1)
      await Promise.all(singly.filter(({ keys }) => keys.length).map(alone))
      if (!request.cells.includes(record))
        await alone(finishCalls({ ...request, cells: [] }, 1)[0] as ScriptCall)
      return undefined
    },
  }
}

/** What an error of the server's says about where keys are, and about who answers. */
export function noteError(topology: Topology, node: ValkeyNode, error: unknown): void {
  if (isMoving(error)) topology.refresh()
  else if (error instanceof Error && /^(READONLY|LOADING|MASTERDOWN)/.test(error.message)) node.doubt(error)
}

function seedCalls({ record, fields, cells }: TagRequest, lifetime: number): ScriptCall[] {
  const life = Math.max(1, Math.round(lifetime))
  // One after the other, in this order: the record before its cells.
  return chunks(cells, MOST_CELLS).map((part, index) => {
    const named = index === 0 ? fields : []
    const keys = named.length ? [record, ...part] : part
    return { script: seedScript, keys, args: [unsaid(), life, ...counted(named)] }
  })
}

function markCalls(request: MarkRequest, most: number): ScriptCall[] {
  const { record, token, fields, known, cells, lifetime } = request
  return chunks(cells, most).map((part, index) => {
    const named = index === 0 ? fields : []
    const keys = named.length ? [record, ...part] : part
    const args = [
      unsaid(),
      token,
      Math.round(lifetime),
      ...counted(named),
      ...counted(named.length ? known : []),
      ...witnessArgs(request, keys),
    ]
    return { script: markScript, keys, args }
  })
}

/** The last one has the record. */
function finishCalls(request: FinishRequest, most: number): ScriptCall[] {
  const { record, token, untouched, keep, cells, unchanged } = request
  const life = unchanged ? Math.max(1, Math.round(unchanged.lifetime)) : 0
  const parts = chunks(cells, most)
  return parts.map((part, index) => {
    // A user tag is a cell with the name of its record.
    const has = index === parts.length - 1 && record !== '' && !cells.includes(record)
    const fields = has ? [...counted(untouched), ...counted(keep)] : [0, 0]
    const keys = has ? [record, ...part] : part
    return {
      script: finishScript,
      keys,
      args: [unsaid(), token, Number(has), life, ...fields, ...witnessArgs(request, keys)],
    }
  })
}

const stem = randomBytes(6).toString('base64url')
let said = 0

/** A text no call of any process sent before: two executions of one call are told apart by the server's time. */
function unsaid(): string {
  return `${stem}${(said++).toString(36)}`
}

function counted(names: readonly string[]): readonly (string | number)[] {
  return [names.length, ...names]
}

/** What a call is to witness: all of it, or nothing where it does not touch all of it. */
function witnessArgs(
  { record, reportOn }: MarkRequest | FinishRequest,
  keys: readonly string[],
): readonly (string | number)[] {
  if (!reportOn || !keys.includes(record) || !reportOn.cells.every((cell) => keys.includes(cell)))
    return [0, 0, 0]
  const places = reportOn.cells.map((cell) => String(keys.indexOf(cell) + 1))
  return [Math.max(1, Math.round(reportOn.lifetime)), ...counted(reportOn.fields), ...counted(places)]
}

/** At least one part, which may be empty. */
function chunks(cells: readonly string[], most: number): (readonly string[])[] {
  const parts = [cells.slice(0, most)]
  for (let from = most; from < cells.length; from += most) parts.push(cells.slice(from, from + most))
  return parts
}
