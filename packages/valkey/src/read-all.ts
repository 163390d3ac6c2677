import type { StoredEntry, TagReply, TagRequest } from '@larder/core'
import type { ValkeyClient } from './client.ts'
import { EPOCH_KEY } from './epoch.ts'
import { stateOf } from './tag-text.ts'

/** What one round trip found. */
export interface Found {
  readonly epoch: string | null
  readonly entry: StoredEntry | null
  readonly tags: readonly TagReply[]
}

type Texts = readonly (string | null)[]

/**
 * Reads everything a hit needs in one packet, each record before its cells. A pipeline of its own: the automatic one
 * waits until the one before it is answered, and costs a promise per command.
 */
export async function readAll(
  client: ValkeyClient,
  entry: string | undefined,
  requests: readonly TagRequest[],
): Promise<Found> {
  const pipeline = client.pipeline()
  pipeline.get(EPOCH_KEY)
  if (entry !== undefined) {
    pipeline.getBuffer(entry)
    pipeline.pttl(entry)
  }
  for (const { record, fields, cells } of requests) {
    if (fields.length) pipeline.hmget(record, ...fields)
    if (cells.length) pipeline.mget(...cells)
  }
  const answers = (await pipeline.exec()) ?? []
  let at = 0
  const next = (): unknown => {
    const [error, answer] = answers[at++] ?? [new Error('fewer answers than commands')]
    if (error) throw error
    return answer
  }
  const epoch = next() as string | null
  const bytes = entry === undefined ? null : (next() as Uint8Array | null)
  // A key without a lifetime (-1) was not stored by us: it counts as expired.
  const remaining = entry === undefined ? 0 : Number(next())
  const tags = requests.map(({ fields, cells }) => {
    const found = (fields.length ? next() : []) as Texts
    const values = (cells.length ? next() : []) as Texts
    return { fields: fields.map((_, place) => stateOf(found[place])), cells: values.map(stateOf) }
  })
  return { epoch, entry: bytes && { bytes, remaining }, tags }
}
