import type { SQL } from 'drizzle-orm'
import type { Piece } from '../versions/piece.ts'
import { pieceOf } from '../versions/pieces.ts'

/** A node in the SQL tree of one statement. */
export interface SqlNode {
  readonly piece: Piece
  readonly children: readonly SqlNode[]
  /** Index among the parameters of the statement, if this is one. */
  readonly parameter: number | undefined
}

/** The SQL tree of a statement, with its parameters numbered. */
export interface SqlTree {
  readonly root: SqlNode
  /** How many parameters were counted. If Drizzle counts differently, the numbers are wrong. */
  readonly parameters: number
}

/** Deeper than any statement. Only SQL that contains itself reaches it. */
const MAX_DEPTH = 200

/** Numbers the parameters of `sql` as Drizzle does. Undefined for a tree too deep to be a statement. */
export function treeOf(sql: SQL): SqlTree | undefined {
  let parameters = 0
  let tooDeep = false
  const visit = (chunk: unknown, inline: boolean, depth: number): SqlNode => {
    const piece = pieceOf(chunk, inline)
    if (depth > MAX_DEPTH) {
      tooDeep = true
      return { piece, children: [], parameter: undefined }
    }
    const visitAll = (items: readonly unknown[], inlineItems: boolean) =>
      items.map((item) => visit(item, inlineItems, depth + 1))
    switch (piece.kind) {
      case 'value':
        return { piece, children: [], parameter: parameters++ }
      case 'list':
      case 'rows':
        return { piece, children: visitAll(piece.items, inline), parameter: undefined }
      case 'sql':
        return { piece, children: visitAll(piece.items, inline || piece.inline), parameter: undefined }
      case 'nested':
        return { piece, children: [visit(piece.sql, inline, depth + 1)], parameter: undefined }
      default:
        return { piece, children: [], parameter: undefined }
    }
  }
  const root = visit(sql, false, 0)
  return tooDeep ? undefined : { root, parameters }
}

/** Looks up the node of an object in a builder's config. Undefined for one that is in no node, or in several. */
export function nodeFinder(root: SqlNode): (chunk: unknown) => SqlNode | undefined {
  const nodes = new Map<unknown, SqlNode | undefined>()
  const visit = (node: SqlNode): void => {
    const chunk = chunkOf(node.piece)
    if (chunk !== undefined) nodes.set(chunk, nodes.has(chunk) ? undefined : node)
    for (const child of node.children) visit(child)
  }
  visit(root)
  return (chunk) => nodes.get(chunk)
}

function chunkOf(piece: Piece): unknown {
  if (piece.kind === 'sql') return piece.sql
  if (piece.kind === 'rows') return piece.chunk
  if (piece.kind === 'value') return typeof piece.chunk === 'object' ? (piece.chunk ?? undefined) : undefined
  return piece.kind === 'list' ? piece.items : piece.kind === 'nested' ? piece.chunk : undefined
}
