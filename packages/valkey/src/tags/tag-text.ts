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
  /** By a hash of the text. Of two texts with the same one, the later is remembered. */
  young: Map<number, CleanState>
  old: Map<number, CleanState>
}

type CleanState = NonNullable<TagState>

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
    const hash = hashOf(reply)
    const known = texts.young.get(hash)
    if (known && isStateOf(known, reply, incarnation)) return known
    const older = texts.old.get(hash)
    const state = older && isStateOf(older, reply, incarnation) ? older : stateOf(reply, incarnation)
    return state && !state.dirty ? remember(texts, hash, state) : state
  }
  return {
    statesOf(texts, from, count, incarnation) {
      // A list that grows by `push` has room for seventeen.
      const states = new Array<TagState>(count)
      for (let at = 0; at < count; at++) states[at] = remembered(texts[from + at], incarnation)
      return states
    },
  }
}

function openTexts(incarnation: string): KnownTexts {
  return { incarnation, young: new Map(), old: new Map() }
}

function remember(texts: KnownTexts, hash: number, { nonce }: CleanState): CleanState {
  if (texts.young.size >= MOST) {
    texts.old = texts.young
    texts.young = new Map()
  }
  // In one piece: it is compared for every hit.
  const state = { nonce: Buffer.from(nonce).toString(), dirty: false }
  texts.young.set(hash, state)
  return state
}

/** FNV-1a: a text of the reply would have to be made before its own hash is known. */
function hashOf(bytes: Buffer): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash
}

/** True if `bytes` are the text of this clean tag. @param incarnation of the tag. */
function isStateOf({ nonce }: CleanState, bytes: Buffer, incarnation: string): boolean {
  const { length } = bytes
  if (nonce.length !== length + 1 + incarnation.length) return false
  for (let at = 0; at < length; at++) if (nonce.charCodeAt(at) !== bytes[at]) return false
  return true
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
