import { LRUCache } from 'lru-cache'
import { tablesWritten, type Written } from './written.ts'

/** PostgreSQL's own parser, which may be there or not. */
export interface SqlParser {
  /**
   * What a text writes. Undefined: there is no parser, or it could not read the text. A promise until the parser is
   * loaded; it never rejects.
   */
  written(text: string): Written | undefined | Promise<Written | undefined>
}

type Parse = (text: string) => unknown

/** Longer texts are not parsed: their trees take a stack and a time of their own. */
const LONGEST = 32_768
/** Characters of texts whose answers are remembered, and the number of these. */
const MOST_CHARACTERS = 1_048_576
const MOST = 1_000
/**
 * The server's `standard_conforming_strings` decides what a backslash in a string is, and no server is asked for it. At
 * a zero byte the parser would stop, and nobody knows what the driver does.
 */
const DOUBTFUL = /[\\\0]/

/**
 * @param load imports the parser's module, once, when the first text is asked for; rejects where it is not installed.
 * @param warn is told once of a parser that is installed and cannot be used.
 */
export function createSqlParser(load: () => Promise<unknown>, warn: (message: string) => void): SqlParser {
  const parsed = new LRUCache<string, Written>({
    max: MOST,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (_, text) => text.length + 1,
  })
  let loading: Promise<void> | undefined
  let loaded = false
  let parse: Parse | undefined

  const giveUp = (what: string, error: unknown): void => {
    parse = undefined
    warn(
      `libpg-query is installed and ${what}, so the tables of raw writes are not read off their text: ${String(error)}`,
    )
  }
  const start = async (): Promise<void> => {
    try {
      parse = await parseOf(await load())
    } catch (error) {
      if (!isAbsent(error)) giveUp('cannot be used', error)
    }
    loaded = true
  }
  const ask = (text: string): Written | undefined => {
    const remembered = parsed.get(text)
    if (remembered || !parse) return remembered
    try {
      const written = tablesWritten(parse(text))
      parsed.set(text, written)
      return written
    } catch (error) {
      // Anything else than its own word for a syntax error leaves its memory in a state nobody knows.
      if (!isSyntaxError(error)) giveUp('failed', error)
      return undefined
    }
  }
  return {
    written(text) {
      if (text.length > LONGEST || DOUBTFUL.test(text) || text === '') return undefined
      if (loaded) return ask(text)
      loading ??= start()
      return loading.then(() => ask(text))
    },
  }
}

interface ParserModule {
  readonly loadModule?: () => Promise<void>
  readonly parseSync?: Parse
}

/** @throws Error for a module that does not parse as it should: another version, or another package. */
async function parseOf(imported: unknown): Promise<Parse> {
  const loaded = imported as ParserModule & { readonly default?: ParserModule }
  const { loadModule, parseSync } = loaded.parseSync ? loaded : (loaded.default ?? loaded)
  await loadModule?.()
  const { tables, complete } = tablesWritten(parseSync?.('WITH a AS (DELETE FROM b) UPDATE c SET d = now()'))
  if (!parseSync || !complete || [...tables].sort().join() !== 'b,c')
    throw new Error('it does not answer as versions 17 and 18 do')
  return parseSync
}

function isSyntaxError(error: unknown): boolean {
  return (error as { name?: unknown } | undefined)?.name === 'SqlError'
}

/** Node's and bundlers' words for a package that is not there; a package of its own that is missing is a broken one. */
function isAbsent(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
  return missing && /(?:package|module) '?libpg-query\b/i.test(String(message))
}
