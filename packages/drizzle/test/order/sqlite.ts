import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeDataFolder } from '@larder/testing'
import { type Client, createClient } from '@libsql/client'
import { SQLITE } from '../contract/ddl.ts'
import type { ContractDb, RelationalReads } from '../contract/driver.ts'
import { schemaSqlite } from '../contract/schema-sqlite.ts'
import type { Connected } from './connected.ts'
import { createRecorder, type Recorder } from './recorder.ts'

const PARTS = { dialect: 'sqlite', schema: schemaSqlite, takesBegin: false, locksOthersOut: true } as const

/** libSQL on a temporary file. */
export async function libsql(
  connect: (client: Client) => ContractDb,
  relational: RelationalReads,
): Promise<Connected> {
  const folder = makeDataFolder('libsql')
  const client = createClient({ url: `file:${join(folder, 'test.db')}` })
  await client.executeMultiple(`${SQLITE.join(';')};`)
  const recorder = createRecorder()
  const db = connect(recorded(client, recorder, client))
  return {
    ...PARTS,
    name: 'libSQL, a file',
    relational,
    recorder,
    connections: 'one',
    db: () => db,
    async stop() {
      client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Records all statements on the file as one connection, which it is for writers. */
function recorded<C extends object>(client: C, recorder: Recorder, file: object): C {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]) => {
        const [first] = parameters
        if (property === 'execute') recorder.note(file, first, (first as { args?: unknown }).args)
        else if (property === 'batch')
          for (const statement of first as readonly unknown[]) recorder.note(file, statement)
        else if (/^(?:transaction|commit|rollback)$/.test(String(property)))
          recorder.note(file, String(property))
        const result = value.apply(target, parameters)
        return property === 'transaction'
          ? (result as Promise<object>).then((tx) => recorded(tx, recorder, file))
          : result
      }
    },
  })
}
