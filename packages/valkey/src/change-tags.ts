import { randomBytes } from 'node:crypto'
import type { FinishRequest, MarkRequest, TagReply, TagRequest } from '@larder/core'
import type { ScriptCall, ValkeyClient } from './client.ts'
import { FINISH } from './scripts/finish.ts'
import { MARK } from './scripts/mark.ts'
import { SEED } from './scripts/seed.ts'
import { stateOf } from './tag-text.ts'

/** Most cells one script call touches: nobody else is served while it runs. */
const MOST_CELLS = 100

/** Changes the tags of one table by script, some cells at a time. */
export interface TagChanges {
  seed(request: TagRequest, lifetime: number): Promise<TagReply>
  mark(request: MarkRequest): Promise<void>
  finish(request: FinishRequest): Promise<void>
}

type Scripts = Readonly<Record<'larderSeed' | 'larderMark' | 'larderFinish', ScriptCall>>

export function tagChanges(client: ValkeyClient): TagChanges {
  // The client sends EVALSHA, and the script itself where the server does not know it.
  client.defineCommand('larderSeed', { lua: SEED })
  client.defineCommand('larderMark', { lua: MARK })
  client.defineCommand('larderFinish', { lua: FINISH })
  const scripts = client as unknown as Scripts
  const unsaid = neverSaid()

  return {
    async seed({ record, fields, cells }, lifetime) {
      const [some, ...more] = chunks(cells)
      const life = Math.max(1, Math.round(lifetime))
      const call = (keys: readonly string[], names: readonly string[]): Promise<unknown> =>
        scripts.larderSeed(keys.length, ...keys, unsaid(), life, ...counted(names))
      // Sent one after the other, in this order: the record before its cells.
      const answers = await Promise.all([
        call(fields.length ? [record, ...some] : some, fields),
        ...more.map((part) => call(part, [])),
      ])
      const states = (answers as string[][]).flat().map(stateOf)
      return { fields: states.slice(0, fields.length), cells: states.slice(fields.length) }
    },
    async mark({ record, token, fields, known, cells, lifetime }) {
      const [some, ...more] = chunks(cells)
      const call = (keys: readonly string[], names: readonly string[]): Promise<unknown> =>
        scripts.larderMark(
          keys.length,
          ...keys,
          unsaid(),
          token,
          Math.round(lifetime),
          ...counted(names),
          ...counted(names.length ? known : []),
        )
      await Promise.all([
        call(fields.length ? [record, ...some] : some, fields),
        ...more.map((part) => call(part, [])),
      ])
    },
    async finish({ record, token, untouched, keep, cells }) {
      const parts = chunks(cells)
      const some = parts.pop() ?? []
      // The record last, and only when every cell is bumped: a kept field vouches for its cells.
      await Promise.all(
        parts.map((part) => scripts.larderFinish(part.length, ...part, unsaid(), token, 0, 0, 0)),
      )
      // A user tag is a cell with the name of its record.
      const has = cells.includes(record) ? 0 : 1
      const keys = has ? [record, ...some] : some
      await scripts.larderFinish(
        keys.length,
        ...keys,
        unsaid(),
        token,
        has,
        ...counted(untouched),
        ...counted(keep),
      )
    },
  }
}

/** A text no call of any process sent before: two executions of one call are told apart by the server's time. */
function neverSaid(): () => string {
  const stem = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${stem}${(count++).toString(36)}`
}

function counted(names: readonly string[]): readonly (string | number)[] {
  return [names.length, ...names]
}

/** At least one part, which may be empty. */
function chunks(cells: readonly string[]): [readonly string[], ...(readonly string[])[]] {
  const parts: (readonly string[])[] = []
  for (let from = MOST_CELLS; from < cells.length; from += MOST_CELLS)
    parts.push(cells.slice(from, from + MOST_CELLS))
  return [cells.slice(0, MOST_CELLS), ...parts]
}
