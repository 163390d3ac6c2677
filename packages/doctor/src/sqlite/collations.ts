/** Collations that hold no more texts for equal than case and spaces at the end make. */
const NARROW = new Set(['binary', 'nocase', 'rtrim'])

/**
 * Columns whose collation is one that the application brings, with its name, by their names in lower case. No pragma
 * tells the collation of a column without an index: it is read from the table's own text, which SQLite has checked.
 */
export function wideCollations(sql: string): ReadonlyMap<string, string> {
  const wide = new Map<string, string>()
  for (const definition of definitions(sql)) {
    const [name] = definition
    const at = definition.findIndex((token) => token.toLowerCase() === 'collate')
    const collation = definition[at + 1]
    if (at < 0 || name === undefined || collation === undefined) continue
    if (!NARROW.has(bare(collation).toLowerCase())) wide.set(bare(name).toLowerCase(), bare(collation))
  }
  return wide
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*'|\[[^\]]*\]|[^\s,()"`'[\]]+|[,()]/g

/** The words of what stands between the outermost commas, without what stands in parentheses of its own. */
function definitions(sql: string): readonly (readonly string[])[] {
  const found: string[][] = [[]]
  let depth = 0
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token.startsWith('--') || token.startsWith('/*')) continue
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 1 && token === ',') found.push([])
    else if (depth === 1) found.at(-1)?.push(token)
  }
  return found
}

function bare(name: string): string {
  return /^["`'[]/.test(name) ? name.slice(1, -1).replace(/(["`'])\1/g, '$1') : name
}
