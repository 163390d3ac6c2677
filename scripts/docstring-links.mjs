const COMMENT_OR_TEXT = /\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'/gm
const LINK = /\{@link ([\w$]+)/g

/**
 * The names of `{@link …}` that nothing in the code of the same file is called: an editor cannot follow them.
 * @param text of a source file.
 */
export function brokenLinks(text) {
  const names = new Set(text.replace(COMMENT_OR_TEXT, '').match(/[\w$]+/g))
  return [...text.matchAll(LINK)].map(([, name]) => name).filter((name) => !names.has(name))
}
