import type { SQL } from 'drizzle-orm'
import type { Piece } from '../versions/piece.ts'
import { pieceOf } from '../versions/pieces.ts'

/** A place in the SQL tree of one statement. */
export interface Node {
  readonly piece: Piece
  readonly children: readonly Node[]
  /** Index among the statement's parameters, where this is one. */
  readonly parameter: number | undefined
}

/** A statement's SQL tree with its parameters numbered. */
export interface Tree {
  readonly root: Node
  /** How many parameters the text has: when Drizzle counted others, nothing here can be trusted. */
  readonly parameters: number
}

/** Deeper than any statement; reached only by SQL that contains itself. */
const MAX_DEPTH = 200

/** Numbers the parameters of `sql` as Drizzle does. Undefined for a tree too deep to be a statement. */
export function treeOf(sql: SQL): Tree | undefined {
  let parameters = 0
  let tooDeep = false
  const visit = (chunk: unknown, inline: boolean, depth: number): Node => {
    const piece = pieceOf(chunk, inline)
    if (depth > MAX_DEPTH) {
      tooDeep = true
      return { piece, children: [], parameter: undefined }
    }
    const all = (items: readonly unknown[], inside: boolean) =>
      items.map((item) => visit(item, inside, depth + 1))
    switch (piece.kind) {
      case 'value':
        return { piece, children: [], parameter: parameters++ }
      case 'list':
      case 'rows':
        return { piece, children: all(piece.items, inline), parameter: undefined }
      case 'sql':
        return { piece, children: all(piece.items, inline || piece.inline), parameter: undefined }
      case 'nested':
        return { piece, children: [visit(piece.sql, inline, depth + 1)], parameter: undefined }
      default:
        return { piece, children: [], parameter: undefined }
    }
  }
  const root = visit(sql, false, 0)
  return tooDeep ? undefined : { root, parameters }
}

/** Where each object of a builder's config came to stand: undefined for one that stands nowhere or in several places. */
export function placesOf(root: Node): (given: unknown) => Node | undefined {
  const places = new Map<unknown, Node | undefined>()
  const visit = (node: Node): void => {
    const given = givenOf(node.piece)
    if (given !== undefined) places.set(given, places.has(given) ? undefined : node)
    for (const child of node.children) visit(child)
  }
  visit(root)
  return (given) => places.get(given)
}

function givenOf(piece: Piece): unknown {
  if (piece.kind === 'sql') return piece.sql
  if (piece.kind === 'rows') return piece.given
  if (piece.kind === 'value') return typeof piece.given === 'object' ? (piece.given ?? undefined) : undefined
  return piece.kind === 'list' ? piece.items : piece.kind === 'nested' ? piece.given : undefined
}
