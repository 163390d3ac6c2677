/** Collations that ignore at most case and trailing spaces. */
const NARROW = new Set(['binary', 'nocase', 'rtrim'])

/**
 * Columns with a collation that the application defines, by their names in lower case. No pragma shows the collation of a
 * column without an index, so it is parsed from the table's CREATE statement.
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

/** The tokens of each column definition, without the contents of its parentheses. */
function definitions(sql: string): readonly (readonly string[])[] {
  const columns: string[][] = [[]]
  let depth = 0
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token.startsWith('--') || token.startsWith('/*')) continue
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 1 && token === ',') columns.push([])
    else if (depth === 1) columns.at(-1)?.push(token)
  }
  return columns
}

function bare(name: string): string {
  return /^["`'[]/.test(name) ? name.slice(1, -1).replace(/(["`'])\1/g, '$1') : name
}
