/** One statement as the driver was given it, and on which of its connections. */
export interface Sent {
  readonly connection: number
  readonly text: string
}

/** What reached the driver, in its order. */
export interface Recorder {
  /** Notes a statement; connections are told apart by object. Larder's own look at a libSQL file is left out. */
  note(connection: object, statement: unknown, parameters?: unknown): void
  /** What came since the last call. */
  take(): readonly Sent[]
}

export function createRecorder(): Recorder {
  let sent: Sent[] = []
  const numbers = new WeakMap<object, number>()
  let connections = 0
  return {
    note(connection, statement, parameters = (statement as { values?: unknown }).values) {
      if (textOf(statement) === 'PRAGMA database_list') return
      if (!numbers.has(connection)) numbers.set(connection, connections++)
      const values = Array.isArray(parameters) && parameters.length ? ` ${JSON.stringify(parameters)}` : ''
      sent.push({ connection: numbers.get(connection) ?? 0, text: `${textOf(statement)}${values}` })
    },
    take() {
      const taken = sent
      sent = []
      return taken
    },
  }
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement
  const { text, sql } = statement as { readonly text?: unknown; readonly sql?: unknown }
  return String(text ?? sql)
}
