/** A value as an error message names it: text in quotes, anything else as JavaScript writes it. Never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null)
    return typeof value === 'function' ? 'a function' : String(value)
  if (Array.isArray(value))
    return `[${value.map((item) => (Array.isArray(item) ? '[…]' : show(item))).join(', ')}]`
  return 'an object'
}
