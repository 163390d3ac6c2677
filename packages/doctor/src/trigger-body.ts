/** Keywords of statements that write, that run code which is not visible here, or that assign without an equals sign. */
const WRITING =
  /\b(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|TRUNCATE|EXECUTE|CALL|DO|COPY|INTO|CREATE|DROP|ALTER|REFRESH|GRANT|LOAD|PREPARE|HANDLER|SIGNAL)\b(?!\s*\()/i
/** Assignments to the whole row (`NEW := …`, `NEW.* := …`), and a RETURN of anything but an unchanged row. */
const WHOLE = /\bNEW\s*(?:\.\s*\*\s*)?:?=[^=]|\bRETURN\b(?!\s*(?:NEW|OLD|NULL)?\s*;)/i
/** Also matches columns that are only compared, which errs on the safe side. */
const SET = /\bNEW\s*\.\s*(?:"([^"]+)"|`([^`]+)`|([\p{L}_][\p{L}\p{N}_$]*))\s*(?::=|=)/giu
const CALL = /([\p{L}_"`\].][\p{L}\p{N}_$"`.]*)\s*\(/gu

/** Functions that write no table, and keywords that may precede a parenthesis. */
const HARMLESS: ReadonlySet<string> = new Set(
  `now clock_timestamp statement_timestamp transaction_timestamp current_timestamp localtimestamp timezone date_trunc extract
  utc_timestamp sysdate unix_timestamp lower upper trim btrim ltrim rtrim initcap length char_length left right substring substr
  replace regexp_replace translate concat concat_ws format split_part md5 sha256 encode decode hex uuid gen_random_uuid nextval
  coalesce nullif ifnull if greatest least round floor ceil ceiling abs mod power to_char to_tsvector setweight
  array_to_string array_length cardinality to_json to_jsonb row_to_json json_build_object jsonb_build_object json_object
  pg_notify current_setting
  in and or not then else elsif elseif when case end return raise select where from values distinct exists any all as is
  numeric decimal varchar char timestamp exception notice warning begin perform loop while`.split(/\s+/),
)

/**
 * The columns of the written row that a trigger changes, if its text shows that it changes nothing else. Undefined if it may
 * write a table, or if the text does not show it.
 * @param text the body of a PL/pgSQL function or a MySQL trigger.
 */
export function changedColumns(
  text: string,
  dialect: 'postgres' | 'mysql' = 'postgres',
): readonly string[] | undefined {
  const body = withoutComments(text, dialect)
  if (body === undefined || WRITING.test(body) || WHOLE.test(body)) return undefined
  for (const [, name = ''] of body.matchAll(CALL)) {
    const plain = name.replace(/^pg_catalog\./i, '')
    if (!HARMLESS.has(plain.toLowerCase())) return undefined
  }
  const columns = [...body.matchAll(SET)].map(([, quoted, ticked, plain]) => quoted ?? ticked ?? plain ?? '')
  return [...new Set(columns)]
}

/** Removes comments and the contents of strings. Undefined if there is a kind of quote or comment that is not parsed here. */
function withoutComments(text: string, dialect: 'postgres' | 'mysql'): string | undefined {
  if (/[\\#]|\/\*!|\/\*M!|\$\w*\$/.test(text) || (dialect === 'mysql' && text.includes('"'))) return undefined
  return text.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, (part) =>
    part.startsWith("'") ? "''" : ' ',
  )
}
