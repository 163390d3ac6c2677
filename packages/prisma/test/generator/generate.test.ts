import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Datamodel, DatamodelField } from '../../src/schema/datamodel.ts'

const run = promisify(execFile)
const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
const generator = fileURLToPath(new URL('../../bin/larder-prisma.js', import.meta.url))
const compiled = fileURLToPath(new URL('../../../../node_modules/.cache/larder/compiled/', import.meta.url))
const traps = fileURLToPath(new URL('traps.prisma', import.meta.url))

let folder: string
let text: string
let datamodel: Datamodel

/** Runs the real command, offline: the schema engine it asks for is never run. */
async function generate(schema: string): Promise<string> {
  const path = join(folder, 'schema.prisma')
  await writeFile(path, schema)
  const env = {
    ...process.env,
    ...{ CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    // As in `ownClient`: compiled once, the program starts sooner.
    NODE_COMPILE_CACHE: compiled,
  }
  await run(process.execPath, [cli, 'generate', '--schema', path], { cwd: folder, env, timeout: 150_000 })
  return await readFile(join(folder, 'out/larder.ts'), 'utf8')
}

/** The constant, evaluated: the text is plain JavaScript but for its types. */
function evaluated(source: string): Datamodel {
  const literal = /export const datamodel = (\{[\s\S]*\}) as const/.exec(source)?.[1]
  return new Function(`return ${literal}`)() as Datamodel
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-generate-'))
  text = await generate((await readFile(traps, 'utf8')).replace('LARDER_PRISMA', generator))
  datamodel = evaluated(text)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const field = (model: string, name: string): DatamodelField | undefined =>
  datamodel.models[model]?.fields[name]

describe('prisma generate with larder-prisma', () => {
  it('writes a typed constant with a header that names the generator', () => {
    expect(text).toMatch(/^\/\/ Written by larder-prisma .*prisma generate/)
    expect(text).toContain('\nexport const datamodel = {\n')
    expect(text.endsWith('\n} as const\n')).toBe(true)
    // An import would be refused in some CommonJS packages.
    expect(text).not.toContain('import')
  })

  it('writes the same text for the same schema', async () => {
    expect(await generate((await readFile(traps, 'utf8')).replace('LARDER_PRISMA', generator))).toBe(text)
  })

  it('does not parse comments as the relation mode or as a view', () => {
    expect(datamodel.relationMode).toBe('foreignKeys')
    expect(datamodel.models.Account?.view).toBe(false)
    expect(datamodel.models.Summary?.view).toBe(true)
  })

  it('keeps physical names: a table with a space, a column in mixed case, a schema', () => {
    expect(datamodel.models.Account).toMatchObject({ table: 'Account Book', schema: 'public' })
    expect(field('Account', 'owner')).toMatchObject({ column: 'Owner Name', native: 'VarChar' })
    expect(datamodel.models.Audit).toMatchObject({ table: 'audit_log', schema: 'audit' })
  })

  it('names unique keys as `where` does and omits partial ones', () => {
    expect(datamodel.models.Account?.primary).toEqual(['tenant', 'number'])
    expect(datamodel.models.Account?.uniques).toEqual([
      { name: 'owner', fields: ['owner'] },
      { name: 'code', fields: ['code'] },
      { name: 'twinId', fields: ['twinId'] },
      { name: 'place', fields: ['tenant', 'number'] },
      { name: 'ownerMood', fields: ['owner', 'mood'] },
      { name: 'tenant_owner', fields: ['tenant', 'owner'] },
      { name: 'twinId_twinNo', fields: ['twinId', 'twinNo'] },
    ])
    expect(datamodel.models.Note?.uniques).toEqual([{ name: 'id', fields: ['id'] }])
  })

  it.each([
    ['an optional relation', 'Account', 'twin', 'SetNull', 'Cascade'],
    ['a required relation', 'Note', 'account', 'Restrict', 'Cascade'],
    ['an optional relation of two columns', 'Note', 'reviewer', 'SetNull', 'Cascade'],
    ['a relation with explicit actions', 'Audit', 'of', 'NoAction', 'Restrict'],
  ])('resolves the actions of %s', (_, model, name, onDelete, onUpdate) => {
    expect(field(model, name)).toMatchObject({ onDelete, onUpdate })
  })

  it.each([
    ['Note', 'labels', '_LabelToNote', 'B'],
    ['Label', 'notes', '_LabelToNote', 'A'],
    ['Note', 'topics', '_about', 'B'],
    ['Label', 'about', '_about', 'A'],
    ['Label', 'finer', '_Scope', 'A'],
    ['Label', 'wider', '_Scope', 'B'],
  ])('places %s.%s in join table %s on side %s', (model, name, table, side) => {
    expect(field(model, name)).toMatchObject({ join: { table, side } })
  })

  it('distinguishes the two sides of a self relation', () => {
    expect(field('Account', 'twin')).toMatchObject({ opposite: 'twinOf', fields: ['twinId', 'twinNo'] })
    expect(field('Account', 'twinOf')).toMatchObject({ opposite: 'twin', fields: [] })
  })

  it('omits fields that the client cannot see', () => {
    expect(Object.keys(datamodel.models)).not.toContain('Ignored')
    expect(field('Account', 'shape')).toBeUndefined()
    expect(field('Account', 'secret')).toBeUndefined()
  })

  it.each([
    ['an expression over another column', 'total', true],
    ['an invisible expression', 'unknown', true],
    ['a function alone', 'code', undefined],
  ])('classifies a column with %s: %s is generated: %s', (_, name, generated) => {
    const description = field('Account', name)
    expect(description).toMatchObject({ hasDefault: true })
    expect(description?.kind === 'scalar' && description.generated).toBe(generated)
  })

  it('treats @updatedAt as a value that is set if a create omits it', () => {
    expect(field('Account', 'changed')).toMatchObject({ hasDefault: true, updatedAt: true })
  })

  it('maps enum values to the database, including quotes', () => {
    expect(datamodel.enums).toEqual({ Mood: { GOOD: 'good mood', QUOTE: "it's", PLAIN: 'PLAIN' } })
  })
})
