import type { Fetched, Lease, StoredEntry, TagReply, TagRequest } from '@larder/core'
import type { Answer, Words } from '../connection/send.ts'
import type { LeaseOf } from '../feed/feed.ts'
import { noteError } from '../tags/change-tags.ts'
import { stateOf } from '../tags/tag-text.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'

/** What one node is asked for: the entry or not, and some of the tables by their place. */
interface Part {
  readonly node: ValkeyNode
  readonly life: string
  readonly lease: Lease | undefined
  readonly commands: Words[]
  readonly tables: number[]
  hasEntry: boolean
}

/** What reading takes. */
export interface Read {
  readonly topology: Topology
  readonly epoch: Epoch
  readonly lease: LeaseOf
}

/**
 * Reads everything a hit needs: one packet to each node, each record before its cells. What is asked for in one turn
 * of the event loop shares packets. Answers count only if the life that was trusted before still is.
 */
export function readAll(
  { topology, epoch, lease }: Read,
  entry: string | undefined,
  requests: readonly TagRequest[],
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const tags: TagReply[] = new Array(requests.length)
    let found: StoredEntry | null = null
    const parts = split(topology, lease, entry, requests)
    let open = parts.length
    const finish = (): void => resolve({ epoch: epoch.current(), entry: found, tags })
    for (const part of parts)
      part.node.send({
        commands: part.commands,
        done(answers) {
          try {
            const stored = take(topology, part, answers, requests, tags)
            if (part.hasEntry) found = stored
            if (--open === 0) finish()
          } catch (error) {
            reject(error)
          }
        },
      })
    if (open) return
    // Nobody was asked; somebody must be there all the same.
    if (!topology.nodes().some((node) => node.trusted())) topology.nodeOf('').incarnation()
    finish()
  })
}

/** @throws CacheError when a slot has no primary, or that primary is not to be trusted. */
function split(
  topology: Topology,
  lease: LeaseOf,
  entry: string | undefined,
  requests: readonly TagRequest[],
): readonly Part[] {
  const parts: Part[] = []
  const partOf = (key: string): Part => {
    const node = topology.nodeOf(key)
    for (const part of parts) if (part.node === node) return part
    const life = node.incarnation()
    const part = { node, life, lease: lease(node, life), commands: [], tables: [], hasEntry: false }
    parts.push(part)
    return part
  }
  if (entry !== undefined) {
    const part = partOf(entry)
    part.hasEntry = true
    part.commands.push(['get', entry], ['pttl', entry])
  }
  for (const [place, { record, fields, cells }] of requests.entries()) {
    const part = partOf(record)
    part.tables.push(place)
    if (fields.length) part.commands.push(['hmget', record, ...fields])
    if (cells.length) part.commands.push(['mget', ...cells])
  }
  return parts
}

function take(
  topology: Topology,
  { node, life, lease, tables, hasEntry }: Part,
  answers: readonly Answer[],
  requests: readonly TagRequest[],
  tags: TagReply[],
): StoredEntry | null {
  let at = 0
  const next = (): Answer => {
    const answer = answers[at++] ?? null
    if (!(answer instanceof Error)) return answer
    noteError(topology, node, answer)
    throw topology.failure(answer)
  }
  const bytes = hasEntry ? next() : null
  // A key without a lifetime (-1) was not stored by us: it counts as expired.
  const remaining = hasEntry ? Number(next()) : 0
  for (const place of tables) {
    const { fields, cells } = requests[place] as TagRequest
    const found = (fields.length ? next() : []) as readonly Answer[]
    const values = (cells.length ? next() : []) as readonly Answer[]
    tags[place] = {
      ...(lease && { lease }),
      fields: fields.map((_, index) => stateOf(found[index], life)),
      cells: cells.map((_, index) => stateOf(values[index], life)),
    }
  }
  if (node.incarnation() !== life)
    throw topology.failure(new Error('another server answers than when the call was sent'))
  return Buffer.isBuffer(bytes) ? { bytes, remaining } : null
}
