import type { ValkeyClient } from './client.ts'

/** A command: its name, then its arguments. */
export type Words = readonly [name: string, ...args: readonly (string | Buffer)[]]

/** What a server answers to one command; an error is a value. Texts are bytes. */
export type Answer = Buffer | number | null | Error | readonly Answer[]

/** Commands that belong together, and who hears all their answers at once, in order. */
export interface Order {
  readonly commands: readonly Words[]
  /** Must not throw. */
  readonly done: (answers: readonly Answer[]) => void
}

type Heard = (error: Error | null, answer?: Answer) => void

/** The client's own class of commands, as iovalkey and ioredis have it. */
interface ClientCommand {
  readonly callback: Heard
  isResolved: boolean
  stringifyArguments(): void
}
type ClientCommandClass = new (
  name: string,
  args: readonly (string | Buffer)[],
  options: object,
  heard: Heard,
) => ClientCommand

const NO_OPTIONS = {}
const classes = new WeakMap<object, ClientCommandClass>()

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
export function send(client: ValkeyClient, orders: readonly Order[], why: (error: Error) => Error): void {
  if (client.status !== 'ready') {
    for (const { commands, done } of orders) done(commands.map(() => why(new Error('not connected'))))
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
  for (const { commands, done } of orders) {
    const answers: Answer[] = new Array(commands.length)
    let open = commands.length
    if (open === 0) done(answers)
    for (const [place, [name, ...args]] of commands.entries())
      client.sendCommand(
        new Light(name, args, NO_OPTIONS, (error, answer = null) => {
          answers[place] = error ? why(error) : answer
          if (--open === 0) done(answers)
        }),
        stream,
      )
  }
  const all = pieces
  pieces = undefined
  if (all.length) client.stream?.write(joined(all))
}

function joined(pieces: readonly (string | Buffer)[]): string | Buffer {
  return pieces.every((piece) => typeof piece === 'string')
    ? pieces.join('')
    : Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
}

/** The client's command without a promise and without a timer: the engine has deadlines of its own. */
function lightCommand(client: ValkeyClient): ClientCommandClass {
  const kind = Object.getPrototypeOf(client) as object
  const known = classes.get(kind)
  if (known) return known
  class Light extends commandOf(client) {
    /** Called by the constructor of the client's class. */
    initPromise(): void {
      this.stringifyArguments()
    }
    resolve(answer: Answer): void {
      this.isResolved = true
      this.callback(null, answer)
    }
    reject(error: Error): void {
      this.isResolved = true
      this.callback(error)
    }
    setTimeout(): void {}
  }
  classes.set(kind, Light)
  return Light
}

/** Neither client leads from an instance to its class of commands: one is caught on its way to be sent. */
function commandOf(client: ValkeyClient): ClientCommandClass {
  let caught: object | undefined
  const catcher = (command: object): void => {
    caught = command
  }
  ;(Object.create(client, { sendCommand: { value: catcher } }) as ValkeyClient).info()
  return caught?.constructor as ClientCommandClass
}
