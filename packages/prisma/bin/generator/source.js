/**
 * What only the text of the schema says: which blocks are views, and the relation mode of the datasource.
 * @param {string} source
 * @returns {{ views: Set<string>, relationMode: 'foreignKeys' | 'prisma' }}
 */
export function readSource(source) {
  // A string is matched first so that the slashes in a URL start no comment.
  const text = source.replace(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith('"') ? found : ' ',
  )
  const views = new Set([...text.matchAll(/^[ \t]*view[ \t]+(\w+)[ \t]*\{/gm)].map((match) => match[1] ?? ''))
  const mode = /^[ \t]*relationMode[ \t]*=[ \t]*"(\w+)"/m.exec(text)?.[1]
  return { views, relationMode: mode === 'prisma' ? 'prisma' : 'foreignKeys' }
}
