import type { Quoting } from './dialect.ts'

const WORD = /\d\w*|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const COMMENT_EDGE = /\/\*|\*\//g

/**
 * The words of `text` in upper case, with `(` and `;` between them; comments, strings and quoted names left out.
 * Undefined when a quote or comment does not end, or a comment is executed: then nothing can be said.
 */
export function words(text: string, quoting: Quoting): string[] | undefined {
  const tokens: string[] = []
  let at = 0
  while (at < text.length) {
    const char = text.charAt(at)
    const skipped = skip(text, at, char, quoting)
    if (skipped < 0) return undefined
    if (skipped > at) {
      at = skipped
      continue
    }
    if (char === '(' || char === ';') tokens.push(char)
    WORD.lastIndex = at
    const word = WORD.exec(text)?.[0]
    at += word?.length ?? 1
    if (!word) continue
    // E'…': the one string of PostgreSQL in which a backslash escapes.
    if (quoting.postgres && (word === 'E' || word === 'e') && text.charAt(at) === "'") {
      at = quoted(text, at, "'", true)
      if (at < 0) return undefined
    } else tokens.push(word.toUpperCase())
  }
  return tokens
}

/** Where the comment, string or quoted name at `at` ends; `at` if there is none; -1 if it does not end. */
function skip(text: string, at: number, char: string, quoting: Quoting): number {
  switch (char) {
    case "'":
    case '"':
      return quoted(text, at, char, quoting.backslash)
    case '`':
      return quoted(text, at, char, false)
    case '[':
      return quoting.brackets ? after(text, ']', at + 1) : at
    case '-':
      return text.charAt(at + 1) === '-' && (!quoting.mysql || /^\s?$/.test(text.charAt(at + 2)))
        ? line(text, at)
        : at
    case '#':
      return quoting.mysql ? line(text, at) : at
    case '/':
      return text.charAt(at + 1) === '*' ? block(text, at, quoting) : at
    case '$':
      return quoting.postgres ? dollar(text, at) : at
    default:
      return at
  }
}

function quoted(text: string, start: number, quote: string, backslash: boolean): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (backslash && char === '\\') at++
    else if (char !== quote) continue
    else if (text.charAt(at + 1) === quote) at++
    else return at + 1
  }
  return -1
}

function line(text: string, start: number): number {
  const end = text.slice(start).search(/[\r\n]/)
  return end < 0 ? text.length : start + end
}

function block(text: string, start: number, quoting: Quoting): number {
  if (!quoting.postgres) {
    // MySQL and MariaDB run what is inside /*! … */ and /*M! … */.
    if (quoting.mysql && /^M?!/.test(text.slice(start + 2, start + 4))) return -1
    return after(text, '*/', start + 2)
  }
  let depth = 0
  COMMENT_EDGE.lastIndex = start
  for (let edge = COMMENT_EDGE.exec(text); edge; edge = COMMENT_EDGE.exec(text)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return COMMENT_EDGE.lastIndex
  }
  return -1
}

function dollar(text: string, start: number): number {
  DOLLAR.lastIndex = start
  const tag = DOLLAR.exec(text)?.[0]
  return tag ? after(text, tag, start + tag.length) : start
}

function after(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? -1 : at + what.length
}
