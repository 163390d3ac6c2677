import { is, SQL, Table, type View } from 'drizzle-orm'
import { type Node, treeOf } from '../dialect/tree.ts'
import { physicalName, viewConfig } from '../versions/names.ts'

/**
 * The tables (and views) a view reads, as far as its declaration shows: `known` holds all names there are. Undefined
 * where it does not: a view declared `existing()`, or raw SQL that names a table in its text.
 */
export function sourcesOf(view: View, known: ReadonlySet<string>): readonly string[] | undefined {
  const { query } = viewConfig(view)
  const tree = is(query, SQL) ? treeOf(query) : undefined
  if (!tree) return undefined
  const found = new Set<string>()
  const flat: Node['piece'][] = []
  flatten(tree.root, flat)
  for (const [at, piece] of flat.entries()) {
    if (piece.kind === 'table') found.add(physicalName(piece.table))
    else if (piece.kind === 'column' && is(piece.column.table, Table))
      found.add(physicalName(piece.column.table))
    else if (piece.kind === 'view') found.add(viewConfig(piece.view).originalName)
    // A joined table stands in the tree under its bare name.
    else if (piece.kind === 'name' && known.has(piece.name)) found.add(piece.name)
    else if (piece.kind === 'text' && namesTable(piece.text, flat[at + 1])) return undefined
  }
  return found.size ? [...found] : undefined
}

function flatten(node: Node, into: Node['piece'][]): void {
  if (node.piece.kind === 'nothing' || (node.piece.kind === 'text' && node.piece.text.trim() === '')) return
  if (node.piece.kind !== 'sql' && node.piece.kind !== 'list') into.push(node.piece)
  for (const child of node.children) flatten(child, into)
}

/** True for text in which something follows FROM or JOIN that is no object of Drizzle's. */
function namesTable(text: string, next: Node['piece'] | undefined): boolean {
  if (/\b(?:from|join)\s*$/i.test(text)) {
    const before = text.replace(/\b(?:from|join)\s*$/i, '')
    return next?.kind === 'text' || /\b(?:from|join)\b/i.test(before)
  }
  return /\b(?:from|join)\b/i.test(text)
}
