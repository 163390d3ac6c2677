import { msgpackCodec } from '@larder/core'
import type { Redis } from 'iovalkey'
import type { Reader, Reading } from './readers.ts'
import type { Server } from './server.ts'
import type { Item } from './shop.ts'

/** Of a nonce, and of what precedes the value in an entry, in bytes: as Larder writes them for these reads. */
const [NONCE, HEADER] = ['n'.repeat(25), { 1: 260, 3: 660 }] as const
/** Keys in one packet, at most. */
const MOST_KEYS = 128

/** What a packet asks for: fields of records, and strings. */
interface Layout {
  readonly records: readonly (readonly [record: string, ...fields: string[]])[]
  /** The strings that one read needs, its entry last, if it asks for that. */
  strings(id: number): readonly string[]
}

/**
 * The least that a hit can cost where it asks the server for tags: commands, keys and values as long as Larder's, one packet
 * for all callers of a turn, sent by the client's own methods. `off` decodes the entry, `validate` copies a row. Nothing is
 * compared, named or counted.
 */
export async function wire(server: Server, reading: Reading, mode: 'validate' | 'off'): Promise<Reader> {
  const client = server.connect()
  const codec = msgpackCodec().bind({})
  const layout = layoutOf(`${server.prefix}-${reading.label}-wire`, reading.tables, mode)
  const rows = new Map<number, Item>()
  const store = async (id: number): Promise<void> => {
    const row = await reading.load(id)
    rows.set(id, row)
    const names = layout.strings(id)
    const cells = mode === 'off' ? names.slice(0, -1) : names
    await client.mset(cells.flatMap((cell) => [cell, NONCE]))
    const entry = mode === 'off' && names.at(-1)
    if (entry)
      await client.set(entry, Buffer.concat([Buffer.alloc(HEADER[reading.tables]), codec.encode(row)]))
  }
  for (const [record, ...fields] of layout.records)
    await client.hset(record, Object.fromEntries(fields.map((field) => [field, NONCE])))
  const decode = (id: number, entry: Buffer | null | undefined): unknown =>
    mode === 'off' ? entry && codec.decode(entry.subarray(HEADER[reading.tables])) : { ...rows.get(id) }
  const ask = packets(client, layout, decode)
  return {
    name: `floor: the packets of ${mode}`,
    read: (id) => (rows.has(id) ? ask(id) : store(id)),
    begin: () => () => 0,
    close: async () => client.disconnect(),
  }
}

/** The records and cells of `openShop`, and an entry. */
function layoutOf(prefix: string, tables: 1 | 3, mode: 'validate' | 'off'): Layout {
  const [item, owner, note] = ['item', 'owner', 'note'].map((table) => `{${prefix}:main:${table}}`)
  const entry = (id: number): string[] =>
    mode === 'off' ? [`${prefix}:e:${String(id).padStart(22, '0')}`] : []
  const byId = ['list', 'p1(id:integer)'] as const
  const row = (id: number): string => `${item}:p1(id:integer)=${id}`
  if (tables === 1) return { records: [[`${item}`, ...byId]], strings: (id) => [row(id), ...entry(id)] }
  return {
    records: [
      [`${item}`, ...byId],
      [`${note}`, 'f1(item_id:integer)'],
      [`${owner}`, ...byId],
    ],
    strings: (id) => [
      row(id),
      ...[id, id + 1, id + 2].map((of) => `${note}:f1(item_id:integer)=${of}`),
      `${owner}:p1(id:integer)=17`,
      ...entry(id),
    ],
  }
}

/** Collects what the callers of one turn of the event loop ask for. */
function packets(
  client: Redis,
  { records, strings }: Layout,
  decode: (id: number, entry: Buffer | null | undefined) => unknown,
): (id: number) => Promise<unknown> {
  let waiting: { readonly id: number; readonly resolve: (row: unknown) => void }[] = []
  // Made once, as Larder remembers them.
  const names = new Map<number, readonly string[]>()
  const namesOf = (id: number): readonly string[] => {
    const known = names.get(id) ?? strings(id)
    names.set(id, known)
    return known
  }
  const send = (callers: typeof waiting): void => {
    const pipeline = client.pipeline()
    for (const [record, ...fields] of records) pipeline.hmgetBuffer(record, ...fields)
    pipeline.mgetBuffer(callers.flatMap(({ id }) => namesOf(id)))
    pipeline.exec((_, replies) => {
      const values = replies?.at(-1)?.[1] as readonly (Buffer | null)[]
      let end = 0
      for (const { id, resolve } of callers) {
        end += namesOf(id).length
        resolve(decode(id, values[end - 1]))
      }
    })
  }
  const flush = (): void => {
    const callers = waiting
    waiting = []
    const size = Math.max(1, Math.floor(MOST_KEYS / namesOf(callers[0]?.id ?? 0).length))
    for (let from = 0; from < callers.length; from += size) send(callers.slice(from, from + size))
  }
  return (id) =>
    new Promise((resolve) => {
      if (waiting.push({ id, resolve }) === 1) process.nextTick(flush)
    })
}
