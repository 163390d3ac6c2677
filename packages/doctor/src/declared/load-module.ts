import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf } from '../connection.ts'
import { Mistake } from '../mistake.ts'

export type Module = Readonly<Record<string, unknown>>

/** What TypeScript beyond types, names without endings and path aliases need. */
const BY_TSX = 'npm install --save-dev tsx, and run it by NODE_OPTIONS="--import tsx" npx larder doctor …'
const TYPESCRIPT = new Set(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'])
const UNRESOLVED = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT'])

/** Runs a module of the application. @throws Mistake saying why it cannot be. */
export async function loadModule(file: string): Promise<Module> {
  const path = resolve(file)
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new Mistake(`there is no file ${file} in ${process.cwd()}`)
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (TYPESCRIPT.has(String(code)))
      throw new Mistake(
        `${file}: this Node (${process.version}) does not read its TypeScript, which Node does from 22.18 on, apart from enums and namespaces. ${BY_TSX}`,
      )
    if (UNRESOLVED.has(String(code)))
      throw new Mistake(
        `${file} cannot be loaded: ${reasonOf(error)}. If it is there by another ending or an alias: ${BY_TSX}`,
      )
    throw new Mistake(`${file} cannot be loaded: ${reasonOf(error)}`)
  }
}

/** What a module exports by a name, or by that name in its default export. @throws Mistake where it does not. */
export async function loadExport(file: string, name: string, host: string): Promise<Module> {
  const module = await loadModule(file)
  const found = module[name] ?? (module.default as Module | undefined)?.[name]
  if (typeof found === 'object' && found !== null) return found as Module
  throw new Mistake(`${file} exports no ${name}: export const ${name} = { … }, as given to ${host}`)
}
