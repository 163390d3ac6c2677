import type { StoredEntry, TagReply, TagRequest } from '@larder/core'
import type { ValkeyClient } from './client.ts'
import { stateOf } from './tag-text.ts'

/** The states of one table's tags: the record is asked before its cells, on one connection. */
export async function readTags(
  client: ValkeyClient,
  { record, fields, cells }: TagRequest,
): Promise<TagReply> {
  const [found, values] = await Promise.all([
    fields.length ? client.hmget(record, ...fields) : [],
    cells.length ? client.mget(...cells) : [],
  ])
  return {
    fields: fields.map((_, at) => stateOf(found[at])),
    cells: cells.map((_, at) => stateOf(values[at])),
  }
}

/** A key without a lifetime was not stored by us: it counts as expired. */
export async function readEntry(client: ValkeyClient, key: string | undefined): Promise<StoredEntry | null> {
  if (key === undefined) return null
  const [bytes, remaining] = await Promise.all([client.getBuffer(key), client.pttl(key)])
  return bytes && { bytes, remaining: Number(remaining) }
}
