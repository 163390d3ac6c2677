import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { processWide } from '../base/process-wide.ts'

/** What a driver connects to over a network or a socket. */
export interface NetworkPlace {
  readonly protocol: string
  readonly host: string
  readonly port: string | number
  readonly database: string
}

/**
 * Names a database on a server: `postgres://db.example:5432/shop`. Loopback addresses and sockets mean another server on
 * every machine, so the machine's name is part of theirs: `postgres://localhost@web-1:5432/shop`.
 */
export function networkPlace({ protocol, host, port, database }: NetworkPlace): string {
  const name = host.toLowerCase()
  return `${protocol}://${isLocal(name) ? `${name}@${hostname()}` : name}:${port}/${database}`
}

/** Names a database that is a file, or a folder, of this machine. */
export function filePlace(protocol: string, path: string): string {
  return `${protocol}://${hostname()}${resolve(path.replace(/^file:(\/\/)?/, ''))}`
}

/** The objects that have been named, by all copies of this module. */
interface NamedObjects {
  readonly process: string
  readonly numbers: WeakMap<object, number>
  count: number
}

/**
 * Names a database that is seen through `object` alone: another object is another database, and so is another process.
 * All copies of this module in one process give one object one name. The object is not kept alive.
 */
export function objectPlace(object: object): string {
  const named = processWide<NamedObjects>('named-objects.v1', () => ({
    process: randomBytes(12).toString('base64url'),
    numbers: new WeakMap(),
    count: 0,
  }))
  const number = named.numbers.get(object) ?? ++named.count
  named.numbers.set(object, number)
  return `object://${named.process}/${number}`
}

function isLocal(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1|\[::1\])$/.test(host) || host.startsWith('/') || host === ''
}
