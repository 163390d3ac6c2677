import type { ValkeyClient } from './client.ts'

/** A command: its name, then its arguments. */
export type Words = readonly [name: string, ...args: readonly (string | Buffer)[]]

/** What a server answers to one command; an error is a value. Texts are bytes. */
export type Answer = Buffer | number | null | Error | readonly Answer[]

/** Commands that belong together, and who hears all their answers at once, in order. */
export interface Order {
  /** Asked for once, when the packet goes: until then there may be more of them. */
  commands(): readonly Words[]
  /** Must not throw. */
  readonly done: (answers: readonly Answer[]) => void
}

type Heard = (place: number, answer: Answer) => void

/** A command as the client's queue wants it: with the methods of the client's own class. */
interface LightCommand {
  resolve(answer: Answer): void
  reject(error: Error): void
}
type LightCommandClass = new (words: Words, place: number, heard: Heard) => LightCommand

const classes = new WeakMap<object, LightCommandClass>()

/** Whether commands can be given to this client. */
export function canSend(client: ValkeyClient): boolean {
  try {
    return typeof commandOf(client) === 'function'
  } catch {
    return false
  }
}

/**
 * Sends everything in one packet. A hit consists of a few commands: made as the client makes them, with a promise, a
 * chain and a write for each, they cost a quarter of the time a round trip takes.
 * @param why the reason behind an error, where one is known.
 */
function send(client: ValkeyClient, orders: readonly Order[], why: (error: Error) => Error): void {
  if (client.status !== 'ready') {
    for (const { commands, done } of orders) done(commands().map(() => why(new Error('not connected'))))
    return
  }
  const Light = lightCommand(client)
  let pieces: (string | Buffer)[] | undefined = []
  const stream = {
    isPipeline: true,
    destination: { redis: client },
    write(data: string | Buffer) {
      // A client that sends again what was not answered before its connection was lost comes here later.
      if (pieces) pieces.push(data)
      else client.stream?.write(data)
    },
  }
  for (const { commands: taken, done } of orders) {
    const commands = taken()
    const answers: Answer[] = new Array(commands.length)
    let open = commands.length
    if (open === 0) done(answers)
    const heard: Heard = (place, answer) => {
      answers[place] = answer instanceof Error ? why(answer) : answer
      if (--open === 0) done(answers)
    }
    for (let place = 0; place < commands.length; place++)
      client.sendCommand(new Light(commands[place] as Words, place, heard), stream)
  }
  const all = pieces
  pieces = undefined
  if (all.length) client.stream?.write(joined(all))
}

/** Gathers what one turn of the event loop sends to one server into one packet. */
export interface Outbox {
  send(order: Order): void
  ask(commands: readonly Words[]): Promise<readonly Answer[]>
}

/**
 * @param why the reason behind an error, where one is known.
 * @param sending is called before each packet.
 */
export function createOutbox(
  client: ValkeyClient,
  why: (error: Error) => Error,
  sending: () => void,
): Outbox {
  let orders: Order[] = []
  const flush = (): void => {
    const all = orders
    orders = []
    sending()
    send(client, all, why)
  }
  const add = (order: Order): void => {
    // After all microtasks: answers that came in one packet send their next questions in one packet, too.
    if (orders.push(order) === 1) process.nextTick(flush)
  }
  return { send: add, ask: (commands) => new Promise((done) => add({ commands: () => commands, done })) }
}

function joined(pieces: readonly (string | Buffer)[]): string | Buffer {
  return pieces.every((piece) => typeof piece === 'string')
    ? pieces.join('')
    : Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
}

/**
 * The client's command without its constructor, a promise or a timer: the engine has deadlines of its own. Methods
 * that are not here are the client's.
 */
function lightCommand(client: ValkeyClient): LightCommandClass {
  const kind = Object.getPrototypeOf(client) as object
  const known = classes.get(kind)
  if (known) return known
  class Light implements LightCommand {
    readonly name: string
    readonly args: readonly (string | Buffer)[]
    readonly place: number
    readonly heard: Heard
    inTransaction = false
    isResolved = false
    constructor(words: Words, place: number, heard: Heard) {
      this.name = words[0]
      this.args = words.slice(1)
      this.place = place
      this.heard = heard
    }
    toWritable(): string | Buffer {
      return written(this.name, this.args)
    }
    resolve(answer: Answer): void {
      this.isResolved = true
      this.heard(this.place, answer)
    }
    reject(error: Error): void {
      this.isResolved = true
      this.heard(this.place, error)
    }
    setTimeout(): void {}
  }
  Object.setPrototypeOf(Light.prototype, commandOf(client).prototype)
  classes.set(kind, Light)
  return Light
}

/** A command in the server's language. */
function written(name: string, args: readonly (string | Buffer)[]): string | Buffer {
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

/** Neither client leads from an instance to its class of commands: one is caught on its way to be sent. */
function commandOf(client: ValkeyClient): { readonly prototype: object } {
  let caught: object | undefined
  const catcher = (command: object): void => {
    caught = command
  }
  ;(Object.create(client, { sendCommand: { value: catcher } }) as ValkeyClient).info()
  return caught?.constructor as unknown as { readonly prototype: object }
}
