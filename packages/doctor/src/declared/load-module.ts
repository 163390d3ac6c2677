import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf } from '../connection.ts'
import { DoctorError } from '../doctor-error.ts'

export type Module = Readonly<Record<string, unknown>>

/** The fix for enums, imports without file endings and path aliases. */
const BY_TSX = 'npm install --save-dev tsx, and run NODE_OPTIONS="--import tsx" npx larder doctor …'
const TYPESCRIPT = new Set(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'])
const UNRESOLVED = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT'])

/** Imports a module of the application. @throws DoctorError with the reason why it cannot be loaded. */
export async function loadModule(file: string): Promise<Module> {
  const path = resolve(file)
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new DoctorError(`there is no file ${file} in ${process.cwd()}`)
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (TYPESCRIPT.has(String(code)))
      throw new DoctorError(
        `${file}: this Node (${process.version}) cannot run its TypeScript. Node 22.18 and later can, except for enums and namespaces. ${BY_TSX}`,
      )
    if (UNRESOLVED.has(String(code)))
      throw new DoctorError(
        `${file} cannot be loaded: ${reasonOf(error)}. If it is imported by an alias or without its file ending: ${BY_TSX}`,
      )
    throw new DoctorError(`${file} cannot be loaded: ${reasonOf(error)}`)
  }
}

/** Loads a named export, also from the default export. @throws DoctorError if there is none. */
export async function loadExport(file: string, name: string, host: string): Promise<Module> {
  const module = await loadModule(file)
  const exported = module[name] ?? (module.default as Module | undefined)?.[name]
  if (typeof exported === 'object' && exported !== null) return exported as Module
  throw new DoctorError(`${file} exports no ${name}: export const ${name} = { … }, as given to ${host}`)
}
