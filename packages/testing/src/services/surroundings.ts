import { existsSync } from 'node:fs'
import type { Surroundings } from './service.ts'

/** Where distributions keep PostgreSQL when it is not in the PATH. */
const folders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/usr/sbin',
  '/usr/local/bin',
]

/** This machine as it is. Root on Debian, or a CI job, may install what is missing. */
export function thisMachine(): Surroundings {
  const root = process.getuid?.() === 0
  const debian = existsSync('/etc/debian_version')
  return { env: process.env, folders, mayInstall: debian && (root || process.env.CI === 'true') }
}
