import { readings, type SqlDialect } from './dialect.ts'
import { words } from './words.ts'

/** Functions whose result follows from their arguments and the rows read. Any other name may do anything. */
const FUNCTIONS = `
  COUNT SUM AVG MIN MAX TOTAL STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP CORR BOOL_AND BOOL_OR EVERY BIT_AND BIT_OR
  PERCENTILE_CONT PERCENTILE_DISC MODE STRING_AGG ARRAY_AGG GROUP_CONCAT
  JSON_AGG JSONB_AGG JSON_OBJECT_AGG JSONB_OBJECT_AGG JSON_ARRAYAGG JSON_OBJECTAGG JSON_GROUP_ARRAY JSON_GROUP_OBJECT
  JSONB_GROUP_ARRAY JSONB_GROUP_OBJECT JSONB_ARRAY JSONB_OBJECT
  JSON_ARRAY JSON_OBJECT JSON_BUILD_ARRAY JSON_BUILD_OBJECT JSONB_BUILD_ARRAY JSONB_BUILD_OBJECT JSON_EXTRACT JSON_UNQUOTE
  JSON_ARRAY_LENGTH JSONB_ARRAY_LENGTH JSON_TYPEOF JSONB_TYPEOF TO_JSON TO_JSONB ROW_TO_JSON JSON JSONB
  ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE
  COALESCE NULLIF IFNULL IF IIF GREATEST LEAST CAST CONVERT ROW ARRAY UNNEST GENERATE_SERIES ARRAY_LENGTH CARDINALITY
  ARRAY_POSITION ARRAY_TO_STRING STRING_TO_ARRAY
  LOWER UPPER INITCAP LENGTH CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH TRIM LTRIM RTRIM BTRIM LPAD RPAD LEFT RIGHT REVERSE REPEAT
  SUBSTRING SUBSTR REPLACE TRANSLATE CONCAT CONCAT_WS POSITION STRPOS INSTR SPLIT_PART REGEXP_REPLACE REGEXP_MATCH STARTS_WITH
  MD5 SHA256 ENCODE DECODE HEX
  ABS CEIL CEILING FLOOR ROUND TRUNC MOD POWER POW SQRT EXP LN LOG SIGN DIV
  EXTRACT DATE_TRUNC DATE_PART TO_CHAR TO_DATE TO_NUMBER TO_TIMESTAMP MAKE_DATE
  TO_TSVECTOR TO_TSQUERY PLAINTO_TSQUERY PHRASETO_TSQUERY WEBSEARCH_TO_TSQUERY TS_RANK TS_RANK_CD SETWEIGHT SIMILARITY
`
/** Words of the language, and names of types, that may stand before a parenthesis. TIME is SQLite's `time()` as well: now. */
const BEFORE_PARENTHESIS = `
  SELECT FROM JOIN LATERAL WHERE ON AND OR NOT IN EXISTS ANY SOME ALL AS BY USING HAVING OVER FILTER WITHIN DISTINCT
  UNION EXCEPT INTERSECT VALUES WITH MATERIALIZED CASE WHEN THEN ELSE END BETWEEN LIKE ILIKE IS LIMIT OFFSET SET OF PARTITION ORDER
  GROUP VARCHAR CHAR CHARACTER VARYING NUMERIC DECIMAL BIT TIMESTAMP INTERVAL FLOAT SIGNED UNSIGNED
`
/** Words that mean another thing from one moment or session to the next. */
const CHANGING = `
  CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP
  CURRENT_USER CURRENT_ROLE CURRENT_CATALOG CURRENT_SCHEMA SESSION_USER SYSTEM_USER USER TABLESAMPLE SHOW EXPLAIN
`
const set = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))
const KNOWN = set(`${FUNCTIONS} ${BEFORE_PARENTHESIS}`)
const VOLATILE = set(CHANGING)

/**
 * Why the result of a reading SQL text may change while the tables it reads do not; undefined if it cannot. An
 * allow-list: a function that is not on it counts, and so does one under a quoted name. Without `dialect` the text is
 * read as every dialect would.
 */
export function volatileSql(text: string, dialect?: SqlDialect): string | undefined {
  const inText = volatileText(text)
  if (inText) return inText
  for (const quoting of readings(text, dialect)) {
    const tokens = words(text, quoting)
    const changing = tokens ? volatileWords(tokens) : 'a quote or comment that does not end'
    if (changing) return changing
  }
  return undefined
}

// Also in arrays and ranges, and after a time of day.
const MOMENT_IN_TEXT = /['$][\s\d{"[(,:.+/-]*(?:now|today|tomorrow|yesterday)\b/i
const MOMENT = /^[\s\d{"[(,:.+/-]*(?:now|today|tomorrow|yesterday)\b/i
// MySQL's `@name` and `@@name`: set by other statements, or by the session. Addresses (`'a@b'`) and operators (`@>`) are none.
const SESSION_VARIABLE = /(?<![\w.'])@@?[A-Za-z_`"]/
/** No moment is written longer. */
const LONGEST_MOMENT = 100

/** True for a parameter that PostgreSQL may read as the moment of the query: `'now'` for a timestamp. */
export function volatileValue(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_MOMENT && MOMENT.test(value)
  return Array.isArray(value) && value.some(volatileValue)
}

/** What of it stands where there is no word: within quotes. */
export function volatileText(text: string): string | undefined {
  // PostgreSQL and SQLite make a moment of these texts, also of 'now' with something after it.
  if (MOMENT_IN_TEXT.test(text)) return "a text such as 'now'"
  if (SESSION_VARIABLE.test(text)) return 'a session variable'
  // A function under a quoted name leaves no word to look up.
  return /["`\]]\s*\(/.test(text) ? 'a function under a quoted name' : undefined
}

/** The same for words as they stand in a text, in upper case, with `(` and `;` between them. */
export function volatileWords(tokens: readonly string[]): string | undefined {
  for (const [at, word] of tokens.entries()) {
    if (VOLATILE.has(word)) return word.toLowerCase()
    const before = tokens[at - 1]
    if (word === '(' && before !== undefined && /^[A-Z_\u0080-\uffff]/.test(before) && !KNOWN.has(before))
      return `the function ${before.toLowerCase()}`
  }
  return undefined
}
