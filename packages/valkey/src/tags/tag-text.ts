import type { TagRequest, TagState } from '@larder/core/store'
import { encodeWord, type Reply } from '../connection/send.ts'

const BAR = 0x7c

/**
 * Parses a tag's text: its nonce, and whether marks follow it.
 * @param incarnation of the node that replied: a nonce means nothing in another one.
 */
export function stateOf(text: Reply | undefined, incarnation: string): TagState {
  if (!Buffer.isBuffer(text)) return null
  const bar = text.indexOf(BAR)
  return bar < 0
    ? { nonce: `${text.toString('latin1')}@${incarnation}`, dirty: false }
    : { nonce: `${text.toString('latin1', 0, bar)}@${incarnation}`, dirty: true }
}

/** Parses the texts of tags that are read again and again. */
export interface TagTexts {
  /** The states of so many texts, from an index on. */
  statesOf(texts: readonly Reply[], from: number, count: number, incarnation: string): readonly TagState[]
}

/** Texts remembered of one incarnation, in each of two generations. */
const MOST = 10_000
/** No nonce is longer than this, but a text with marks may be. */
const LONGEST = 64
/** More incarnations than a cluster has primaries. */
const MOST_INCARNATIONS = 1_000

interface KnownTexts {
  readonly incarnation: string
  young: Map<string, TagState>
  old: Map<string, TagState>
}

/** Remembers the states of clean tags: putting a nonce together and comparing it takes longer than finding it. */
export function createTagTexts(): TagTexts {
  const incarnations = new Map<string, KnownTexts>()
  let last = openTexts('')
  const textsOf = (incarnation: string): KnownTexts => {
    if (last.incarnation === incarnation) return last
    last = incarnations.get(incarnation) ?? openTexts(incarnation)
    if (incarnations.size >= MOST_INCARNATIONS) incarnations.clear()
    incarnations.set(incarnation, last)
    return last
  }
  const remembered = (reply: Reply | undefined, incarnation: string): TagState => {
    if (!Buffer.isBuffer(reply)) return null
    if (reply.length > LONGEST) return stateOf(reply, incarnation)
    const texts = textsOf(incarnation)
    const text = reply.toString('latin1')
    const remembered = texts.young.get(text)
    if (remembered) return remembered
    const state = texts.old.get(text) ?? stateOf(reply, incarnation)
    if (state && !state.dirty) remember(texts, text, state)
    return state
  }
  return {
    statesOf(texts, from, count, incarnation) {
      const states: TagState[] = []
      for (let at = from; at < from + count; at++) states.push(remembered(texts[at], incarnation))
      return states
    },
  }
}

function openTexts(incarnation: string): KnownTexts {
  return { incarnation, young: new Map(), old: new Map() }
}

function remember(texts: KnownTexts, text: string, state: TagState): void {
  if (texts.young.size >= MOST) {
    texts.old = texts.young
    texts.young = new Map()
  }
  texts.young.set(text, state)
}

/** The words of one request as they are sent. */
export interface EncodedRequest {
  readonly record: string
  readonly fields: string
  readonly cells: string
}

const encodedRequests = new WeakMap<TagRequest, EncodedRequest>()

/** In one piece: a text that was added up takes more memory, and would be put together again for each packet. */
function encodeAll(words: readonly string[]): string {
  return Buffer.from(words.map(encodeWord).join('')).toString()
}

interface EncodedFields extends Pick<EncodedRequest, 'record' | 'fields'> {
  /** Of the record. */
  readonly name: string
}

const encodedFields = new WeakMap<readonly string[], EncodedFields>()

function encodeFields(record: string, fields: readonly string[]): EncodedFields {
  const encoded = { name: record, record: encodeAll([record]), fields: encodeAll(fields) }
  encodedFields.set(fields, encoded)
  return encoded
}

/** Encoded once for each request: a read that is repeated passes the same ones again. */
export function encodeRequest(request: TagRequest): EncodedRequest {
  const remembered = encodedRequests.get(request)
  if (remembered) return remembered
  const { record, fields, cells } = request
  // Requests of one kind of reads have the same list of fields.
  const ofFields = encodedFields.get(fields)
  const shared = ofFields?.name === record ? ofFields : encodeFields(record, fields)
  const words = { record: shared.record, fields: shared.fields, cells: encodeAll(cells) }
  encodedRequests.set(request, words)
  return words
}
