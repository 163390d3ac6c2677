import { ownText } from '../base/own-text.ts'

/** A bounded map from queries to values. Equal queries are found without the text or the hash that would name them. */
export interface QueryMap<V> {
  /**
   * Returns the value that was set for equal parts. Undefined: there is none, or they do not fit.
   * @param parts of a query: plain objects, lists and primitives. What else they hold, or much of it, does not fit.
   */
  get(parts: readonly unknown[]): V | undefined
  /** @returns false if the parts do not fit. Nothing is remembered then. */
  set(parts: readonly unknown[], value: V): boolean
}

/** Longer texts in a query, and queries of more tokens, are not remembered: they would cost more memory than they are worth. */
const LONGEST_TEXT = 512
const MOST_TOKENS = 128
/** Nodes for each value, about. A query like others adds a few, a query unlike any other one for each token. */
const NODES_FOR_VALUE = 6

// A query is read as a list of tokens, from which it could be put together again: no two queries have the same tokens. The
// ends that come last are left out, because each would take a node: what is still open then ends there.
const RECORD = Symbol('{')
const LIST = Symbol('[')
const END = Symbol('}')

/** What may follow the tokens so far. */
interface Node<V> {
  /** The first one that followed. Most nodes have one only, which needs no map. */
  token: unknown
  next: Node<V> | undefined
  others: Map<unknown, Node<V>> | undefined
  value: V | undefined
}

/**
 * @param most values held at once, about. Two generations, as in a bounded map: values in use move to the young one.
 */
export function createQueryMap<V extends object>(most: number): QueryMap<V> {
  const half = Math.max(1, most >> 1)
  let young = createTree<V>(half)
  let old: Tree<V> | undefined
  const set: QueryMap<V>['set'] = (parts, value) => {
    if (young.full) {
      old = young
      young = createTree<V>(half)
    }
    return young.set(parts, value)
  }
  return {
    get(parts) {
      const value = young.get(parts)
      if (value || !old) return value
      const older = old.get(parts)
      if (older) set(parts, older)
      return older
    },
    set,
  }
}

interface Tree<V> extends QueryMap<V> {
  readonly full: boolean
}

function createTree<V extends object>(most: number): Tree<V> {
  const root = createNode<V>()
  const size = { nodes: 0, values: 0 }
  return {
    get full() {
      return size.values >= most || size.nodes >= most * NODES_FOR_VALUE
    },
    get(parts) {
      let node: Node<V> | undefined = root
      for (let at = 0; at < parts.length && node; at++)
        node = descend(node, parts[at], at === parts.length - 1)
      return node?.value
    },
    set(parts, value) {
      const tokens: unknown[] = []
      if (!parts.every((part) => collect(tokens, part))) return false
      while (tokens.at(-1) === END) tokens.pop()
      let node = root
      for (const token of tokens) node = step(node, token) ?? grow(node, token, size)
      if (!node.value) size.values++
      node.value = value
      return true
    },
  }
}

function createNode<V>(): Node<V> {
  return { token: undefined, next: undefined, others: undefined, value: undefined }
}

function step<V>(node: Node<V>, token: unknown): Node<V> | undefined {
  return node.token === token && node.next ? node.next : node.others?.get(token)
}

function grow<V>(node: Node<V>, token: unknown, size: { nodes: number }): Node<V> {
  const next = createNode<V>()
  size.nodes++
  // A map finds NaN, which equals nothing.
  if (node.next || Number.isNaN(token)) {
    node.others ??= new Map()
    node.others.set(keptToken(token), next)
  } else {
    node.token = keptToken(token)
    node.next = next
  }
  return next
}

/** Many an argument is a part of a request, all of which it would keep. */
function keptToken(token: unknown): unknown {
  return typeof token === 'string' ? ownText(token) : token
}

/**
 * Follows the tokens of a value. It must see the tokens that {@link collect} sees, and makes no list of them: every hit comes here.
 * @param isLast nothing but ends follows after the value.
 */
function descend<V>(start: Node<V>, value: unknown, isLast: boolean): Node<V> | undefined {
  if (typeof value !== 'object' || value === null) return isToken(value) ? step(start, value) : undefined
  if (Array.isArray(value)) return descendList(step(start, LIST), value, isLast)
  return isRecord(value)
    ? descendRecord(step(start, RECORD), value as Record<string, unknown>, isLast)
    : undefined
}

function descendList<V>(
  start: Node<V> | undefined,
  list: readonly unknown[],
  isLast: boolean,
): Node<V> | undefined {
  let node = start
  for (let at = 0; at < list.length && node; at++)
    node = list[at] === undefined ? undefined : descend(node, list[at], isLast && at === list.length - 1)
  return isLast ? node : node && step(node, END)
}

function descendRecord<V>(
  start: Node<V> | undefined,
  record: Readonly<Record<string, unknown>>,
  isLast: boolean,
): Node<V> | undefined {
  let node = start
  const keys = Object.keys(record)
  let count = keys.length
  while (count > 0 && record[keys[count - 1] as string] === undefined) count--
  for (let at = 0; at < count && node; at++) {
    const item = record[keys[at] as string]
    if (item === undefined) continue
    const next = step(node, keys[at])
    node = next && descend(next, item, isLast && at === count - 1)
  }
  return isLast ? node : node && step(node, END)
}

/** @returns false if the value does not fit. */
function collect(tokens: unknown[], value: unknown): boolean {
  if (tokens.length > MOST_TOKENS) return false
  if (typeof value !== 'object' || value === null) {
    tokens.push(value)
    return isToken(value) && (typeof value !== 'string' || value.length <= LONGEST_TEXT)
  }
  if (Array.isArray(value)) {
    tokens.push(LIST)
    // It may be a hole, which is not the same.
    for (let at = 0; at < value.length; at++)
      if (value[at] === undefined || !collect(tokens, value[at])) return false
    tokens.push(END)
    return true
  }
  if (!isRecord(value)) return false
  tokens.push(RECORD)
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key]
    if (item === undefined) continue
    tokens.push(key)
    if (key.length > LONGEST_TEXT || !collect(tokens, item)) return false
  }
  tokens.push(END)
  return true
}

/** A map does not tell -0 from 0. */
function isToken(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return value !== 0 || !Object.is(value, -0)
    case 'string':
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return true
    default:
      return value === null
  }
}

/** True for a plain object whose properties are all that it says. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && !Object.getOwnPropertySymbols(value).length
}
