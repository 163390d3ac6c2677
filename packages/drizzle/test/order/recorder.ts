/** One statement as the driver received it, and its connection. */
export interface RecordedStatement {
  readonly connection: number
  readonly text: string
}

/** The statements that reached the driver, in order. */
export interface Recorder {
  /** Records a statement. Connections are identified by object. Skips Larder's own inspection of a libSQL file. */
  note(connection: object, statement: unknown, parameters?: unknown): void
  /** The statements since the last call. */
  take(): readonly RecordedStatement[]
}

export function createRecorder(): Recorder {
  let sent: RecordedStatement[] = []
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
      const statements = sent
      sent = []
      return statements
    },
  }
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement
  const { text, sql } = statement as { readonly text?: unknown; readonly sql?: unknown }
  return String(text ?? sql)
}
