import type { AdaptedClient, ServerClient, ValkeyClient } from './client.ts'
import type { Command, EncodedCommand, OnReply, Reply } from './command.ts'

export type { Command, EncodedCommand, Reply } from './command.ts'

/** Commands that belong together, and a callback for all their replies. */
export interface Batch {
  /** Called once, when the packet is sent. Until then, commands may be added. */
  commands(): readonly (Command | EncodedCommand)[]
  /** Called with all replies, in order. Must not throw. */
  done(replies: readonly Reply[]): void
}

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
function send(client: ServerClient, batches: readonly Batch[], causeOf: (error: Error) => Error): void {
  if (client.status !== 'ready') {
    for (const batch of batches) batch.done(batch.commands().map(() => causeOf(new Error('not connected'))))
    return
  }
  if ('sendAll' in client) {
    sendByClient(client, batches, causeOf)
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
  for (const batch of batches) {
    const commands = batch.commands()
    const onReply = collect(commands.length, causeOf, batch)
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

/** The same by the methods of a client that is adapted. */
function sendByClient(
  client: AdaptedClient,
  batches: readonly Batch[],
  causeOf: (error: Error) => Error,
): void {
  const all: Command[] = []
  const receivers: ((reply: Reply) => void)[] = []
  for (const batch of batches) {
    const commands = batch.commands()
    const onReply = collect(commands.length, causeOf, batch)
    for (const [index, command] of commands.entries()) {
      all.push('wire' in command ? commandIn(command) : command)
      receivers.push((reply) => onReply(index, reply))
    }
  }
  if (all.length) client.sendAll(all, (index, reply) => receivers[index]?.(reply))
}

/** Calls `done` when all replies of a batch are here. */
function collect(count: number, causeOf: (error: Error) => Error, batch: Batch): OnReply {
  const replies: Reply[] = new Array(count)
  let open = count
  if (open === 0) batch.done(replies)
  return (index, reply) => {
    replies[index] = reply instanceof Error ? causeOf(reply) : reply
    if (--open === 0) batch.done(replies)
  }
}

/** Collects what one turn of the event loop sends to one server, and sends it in one packet. */
export interface Outbox {
  send(batch: Batch): void
  /** Sends what it has now. */
  flush(): void
  /** Sends commands. @returns their replies, errors included. */
  ask(commands: readonly Command[]): Promise<readonly Reply[]>
}

/**
 * @param causeOf returns the cause of an error, if one is known.
 * @param beforeSend is called before each packet.
 */
export function createOutbox(
  client: ServerClient,
  causeOf: (error: Error) => Error,
  beforeSend: () => void,
): Outbox {
  let batches: Batch[] = []
  const flush = (): void => {
    const all = batches
    if (!all.length) return
    batches = []
    beforeSend()
    send(client, all, causeOf)
  }
  const add = (batch: Batch): void => {
    // After all microtasks, so that callers whose replies came in one packet share the next packet, too.
    if (batches.push(batch) === 1) process.nextTick(flush)
  }
  return {
    send: add,
    flush,
    ask: (commands) => new Promise((done) => add({ commands: () => commands, done })),
  }
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
  const remembered = classes.get(kind)
  if (remembered) return remembered
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

/** The words of an encoded command, for a client that encodes commands itself. */
function commandIn({ wire }: EncodedCommand): Command {
  const bytes = Buffer.from(wire)
  const words: string[] = []
  for (let at = bytes.indexOf('\n') + 1; at < bytes.length; ) {
    const from = bytes.indexOf('\n', at) + 1
    const length = Number(bytes.toString('latin1', at + 1, from))
    words.push(bytes.toString('utf8', from, from + length))
    at = from + length + 2
  }
  return words as [string, ...string[]]
}

/** Encodes a command whose words are encoded already. */
export function encodeWords(name: string, words: string, count: number): EncodedCommand {
  return { name, wire: `*${count + 1}\r\n$${name.length}\r\n${name}\r\n${words}` }
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
