import { once } from 'node:events'
import { connect } from 'node:net'

/** What a server answers; an error answer is thrown instead. */
export type Reply = string | number | null | readonly Reply[]

/**
 * Sends one command over a connection of its own: a test looks at its servers while the clients under test fail.
 * @throws Error with the server's own text for an error answer, and when there is none within `patience` milliseconds.
 */
export async function ask(port: number, command: readonly string[], patience = 2_000): Promise<Reply> {
  const socket = connect(port, '127.0.0.1')
  try {
    const signal = AbortSignal.timeout(patience)
    await once(socket, 'connect', { signal })
    socket.write(
      `*${command.length}\r\n${command.map((each) => `$${Buffer.byteLength(each)}\r\n${each}\r\n`).join('')}`,
    )
    let said = ''
    for (;;) {
      said += ((await once(socket, 'data', { signal }))[0] as Buffer).toString('latin1')
      const read = parse(said, 0)
      if (read instanceof Error) throw read
      if (read) return read.reply
    }
  } finally {
    socket.destroy()
  }
}

/** The reply that begins at `at` and where it ends; undefined while it has not arrived whole. */
function parse(text: string, at: number): { reply: Reply; end: number } | Error | undefined {
  const line = text.indexOf('\r\n', at)
  if (line < 0) return undefined
  const rest = text.slice(at + 1, line)
  const end = line + 2
  const kind = text[at]
  if (kind === '+') return { reply: rest, end }
  if (kind === '-') return new Error(rest)
  if (kind === ':') return { reply: Number(rest), end }
  const size = Number(rest)
  if (size < 0) return { reply: null, end }
  if (kind === '*') return parseList(text, end, size)
  const bytes = Buffer.from(text.slice(end, end + size), 'latin1')
  return text.length < end + size + 2 ? undefined : { reply: bytes.toString(), end: end + size + 2 }
}

function parseList(text: string, at: number, size: number): ReturnType<typeof parse> {
  const reply: Reply[] = []
  let end = at
  for (let each = 0; each < size; each++) {
    const read = parse(text, end)
    if (!read || read instanceof Error) return read
    reply.push(read.reply)
    end = read.end
  }
  return { reply, end }
}
