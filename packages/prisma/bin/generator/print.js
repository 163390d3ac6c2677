import { join } from 'node:path'

// The file imports nothing: TypeScript refuses even a type of an ES module in a CommonJS package under some settings.
const HEADER = '// Written by larder-prisma from the Prisma schema. Do not edit: run `prisma generate`.\n'

/** The file to write: an output that names no TypeScript file is a folder. */
export function outputFile(output) {
  if (typeof output !== 'string' || output === '') {
    throw new Error('larder-prisma: the generator needs an output, such as output = "./generated/larder.ts".')
  }
  if (/\.[cm]?jsx?$/.test(output)) {
    throw new Error(
      `larder-prisma: output = "${output}" is JavaScript: name a .ts file, such as "./generated/larder.ts".`,
    )
  }
  return /\.[cm]?ts$/.test(output) ? output : join(output, 'larder.ts')
}

/** TypeScript text of a datamodel: one line per field, the same for the same schema. */
export function print(datamodel) {
  const { models, enums, ...head } = datamodel
  const lines = [
    HEADER,
    '/** Tables, columns, keys and relations: hand it to `prismaCache({ datamodel })`. */',
  ]
  lines.push('export const datamodel = {')
  for (const [key, value] of Object.entries(head)) lines.push(`  ${key}: ${literal(value)},`)
  lines.push('  models: {')
  for (const [name, model] of Object.entries(models)) lines.push(...modelLines(name, model))
  lines.push('  },', '  enums: {')
  for (const [name, values] of Object.entries(enums)) lines.push(`    ${name}: ${literal(values)},`)
  lines.push('  },', '} as const', '')
  return lines.join('\n')
}

function modelLines(name, { fields, ...rest }) {
  const lines = [`    ${name}: {`]
  for (const [key, value] of Object.entries(rest)) lines.push(`      ${key}: ${literal(value)},`)
  lines.push('      fields: {')
  for (const [field, value] of Object.entries(fields)) lines.push(`        ${field}: ${literal(value)},`)
  lines.push('      },', '    },')
  return lines
}

function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return quoted(value)
  const parts = Object.entries(value).map(([key, part]) => `${key}: ${literal(part)}`)
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

function quoted(value) {
  if (typeof value !== 'string') return JSON.stringify(value)
  return /['\\\p{C}\u2028\u2029]/u.test(value) ? JSON.stringify(value) : `'${value}'`
}
