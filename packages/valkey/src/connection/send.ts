import type { TagRequest } from '@larder/core/store'
import type { ValkeyClient } from './client.ts'

/** A command: its name, then its arguments. */
export type Command = readonly [name: string, ...args: readonly (string | Buffer)[]]

/** A command that is encoded already. */
export interface EncodedCommand {
  readonly name: string
  /** In RESP. */
  readonly wire: string
}

/** A server's reply to one command. Errors are values, and texts are buffers. */
export type Reply = Buffer | number | null | Error | readonly Reply[]

/** Commands that belong together, and a callback for all their replies. */
export interface Batch {
  /** Called once, when the packet is sent. Until then, commands may be added. */
  commands(): readonly (Command | EncodedCommand)[]
  /** Called with all replies, in order. Must not throw. */
  readonly done: (replies: readonly Reply[]) => void
}

type OnReply = (index: number, reply: Reply) => void

/** A command in the client's queue. Its other methods are those of the client's own class. */
interface QueuedCommand {
  resolve(reply: Reply): void
  reject(error: Error): void
}
type QueuedCommandClass = new (
  command: Command | EncodedCommand,
  index: number,
  onReply: OnReply,
) => QueuedCommand

const classes = new WeakMap<object, QueuedCommandClass>()

/** True if this store can send commands through the client. */
export function canSend(client: ValkeyClient): boolean {
  try {
    return typeof commandOf(client) === 'function'
  } catch {
    return false
  }
}

/**
 * Sends everything in one packet. A hit needs a few commands. Made as the client makes them, with a promise, a chain and a
 * write for each, they cost a quarter of the time of a round trip.
 * @param causeOf returns the cause of an error, if one is known.
 */
function send(client: ValkeyClient, batches: readonly Batch[], causeOf: (error: Error) => Error): void {
  if (client.status !== 'ready') {
    for (const { commands, done } of batches) done(commands().map(() => causeOf(new Error('not connected'))))
    return
  }
  const QueuedCommand = queuedCommandClass(client)
  let pieces: (string | Buffer)[] | undefined = []
  const stream = {
    isPipeline: true,
    destination: { redis: client },
    write(data: string | Buffer) {
      // Later calls come from a client that resends commands after it has lost a connection.
      if (pieces) pieces.push(data)
      else client.stream?.write(data)
    },
  }
  for (const { commands: takeCommands, done } of batches) {
    const commands = takeCommands()
    const replies: Reply[] = new Array(commands.length)
    let open = commands.length
    if (open === 0) done(replies)
    const onReply: OnReply = (index, reply) => {
      replies[index] = reply instanceof Error ? causeOf(reply) : reply
      if (--open === 0) done(replies)
    }
    for (let index = 0; index < commands.length; index++)
      client.sendCommand(
        new QueuedCommand(commands[index] as Command | EncodedCommand, index, onReply),
        stream,
      )
  }
  const all = pieces
  pieces = undefined
  if (all.length) client.stream?.write(joined(all))
}

/** Collects what one turn of the event loop sends to one server, and sends it in one packet. */
export interface Outbox {
  send(batch: Batch): void
  /** Sends commands. @returns their replies, errors included. */
  ask(commands: readonly Command[]): Promise<readonly Reply[]>
}

/**
 * @param causeOf returns the cause of an error, if one is known.
 * @param beforeSend is called before each packet.
 */
export function createOutbox(
  client: ValkeyClient,
  causeOf: (error: Error) => Error,
  beforeSend: () => void,
): Outbox {
  let batches: Batch[] = []
  const flush = (): void => {
    const all = batches
    batches = []
    beforeSend()
    send(client, all, causeOf)
  }
  const add = (batch: Batch): void => {
    // After all microtasks, so that callers whose replies came in one packet share the next packet, too.
    if (batches.push(batch) === 1) process.nextTick(flush)
  }
  return { send: add, ask: (commands) => new Promise((done) => add({ commands: () => commands, done })) }
}

function joined(pieces: readonly (string | Buffer)[]): string | Buffer {
  return pieces.every((piece) => typeof piece === 'string')
    ? pieces.join('')
    : Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
}

/**
 * The client's command class without its constructor, promise and timer: the engine has its own deadlines. All methods that
 * are not defined here are the client's.
 */
function queuedCommandClass(client: ValkeyClient): QueuedCommandClass {
  const kind = Object.getPrototypeOf(client) as object
  const known = classes.get(kind)
  if (known) return known
  class PlainCommand implements QueuedCommand {
    readonly name: string
    readonly args: readonly (string | Buffer)[]
    private readonly wire: string | undefined
    readonly index: number
    readonly onReply: OnReply
    inTransaction = false
    isResolved = false
    constructor(command: Command | EncodedCommand, index: number, onReply: OnReply) {
      if ('wire' in command) {
        this.name = command.name
        this.args = NO_ARGUMENTS
        this.wire = command.wire
      } else {
        this.name = command[0]
        this.args = command.slice(1)
        this.wire = undefined
      }
      this.index = index
      this.onReply = onReply
    }
    toWritable(): string | Buffer {
      return this.wire ?? encode(this.name, this.args)
    }
    resolve(reply: Reply): void {
      this.isResolved = true
      this.onReply(this.index, reply)
    }
    reject(error: Error): void {
      this.isResolved = true
      this.onReply(this.index, error)
    }
    setTimeout(): void {}
  }
  Object.setPrototypeOf(PlainCommand.prototype, commandOf(client).prototype)
  classes.set(kind, PlainCommand)
  return PlainCommand
}

const NO_ARGUMENTS: readonly string[] = []

/** Encodes one word of a command in RESP. */
export function encodeWord(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`
}

/** Encodes a command whose words are encoded already. */
export function encodeWords(name: string, words: string, count: number): EncodedCommand {
  return { name, wire: `*${count + 1}\r\n$${name.length}\r\n${name}\r\n${words}` }
}

/** The words of one request as they are sent. */
export interface EncodedRequest {
  readonly record: string
  readonly fields: string
  readonly cells: string
}

const known = new WeakMap<TagRequest, EncodedRequest>()

/** Encoded once for each request: a read that is repeated passes the same ones again. */
export function encodeRequest(request: TagRequest): EncodedRequest {
  const found = known.get(request)
  if (found) return found
  const { record, fields, cells } = request
  // Joined, because a text that was added up would be put together again for each packet.
  const words = {
    record: encodeWord(record),
    fields: fields.map(encodeWord).join(''),
    cells: cells.map(encodeWord).join(''),
  }
  known.set(request, words)
  return words
}

/** Encodes a command in RESP. */
function encode(name: string, args: readonly (string | Buffer)[]): string | Buffer {
  let text = `*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`
  let pieces: Buffer[] | undefined
  for (const arg of args) {
    text += `$${Buffer.byteLength(arg)}\r\n`
    if (typeof arg === 'string') text += `${arg}\r\n`
    else {
      pieces ??= []
      pieces.push(Buffer.from(text), arg)
      text = '\r\n'
    }
  }
  return pieces ? Buffer.concat([...pieces, Buffer.from(text)]) : text
}

/** Neither client exposes its command class, so one command is intercepted before it is sent. */
function commandOf(client: ValkeyClient): { readonly prototype: object } {
  let caught: object | undefined
  const catcher = (command: object): void => {
    caught = command
  }
  ;(Object.create(client, { sendCommand: { value: catcher } }) as ValkeyClient).info()
  return caught?.constructor as unknown as { readonly prototype: object }
}
