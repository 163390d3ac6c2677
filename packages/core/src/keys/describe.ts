/** A path as people write it: `where.AND[0].id`; `the top` for none. */
export function describePath(keys: readonly (string | number)[]): string {
  const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  return path.replace(/^\./, '') || 'the top'
}

/** `an instance of Money`, for error messages. */
export function describeInstance(value: object): string {
  const owner: unknown = value.constructor
  return `an instance of ${(typeof owner === 'function' && owner.name) || 'an unnamed class'}`
}
