/** A command: its name, then its arguments. */
export type Command = readonly [name: string, ...args: readonly (string | Buffer)[]]

/** A command that is encoded already. */
export interface EncodedCommand {
  readonly name: string
  /** In RESP. Its arguments are texts. */
  readonly wire: string
}

/** A server's reply to one command. Errors are values, and texts are buffers. */
export type Reply = Buffer | number | null | Error | readonly Reply[]

/** Receives the reply to the command of this index. */
export type OnReply = (index: number, reply: Reply) => void
