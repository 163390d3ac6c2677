import type { TagRequest } from '@larder/core/store'
import { encodeWord } from '../connection/send.ts'

/** The words of one request as they are sent. */
export interface RequestWords {
  readonly record: string
  readonly fields: string
  readonly cells: string
}

const known = new WeakMap<TagRequest, RequestWords>()

/** Encoded once for each request: a read that is repeated passes the same ones again. */
export function wordsOfRequest(request: TagRequest): RequestWords {
  const found = known.get(request)
  if (found) return found
  const { record, fields, cells } = request
  // Joined, because a text that was added up would be put together again for each packet.
  const words = {
    record: encodeWord(record),
    fields: fields.map(encodeWord).join(''),
    cells: cells.map(encodeWord).join(''),
  }
  known.set(request, words)
  return words
}
