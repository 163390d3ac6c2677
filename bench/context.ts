import { type Catalogue, openCatalogue, openServerCatalogue } from './catalogue.ts'
import { openProducts, type Products } from './products.ts'
import type { Budget } from './rounds.ts'
import type { Sheet } from './sheet.ts'
import { openServer, type Server } from './valkey/server.ts'

/** What a group of the bench measures with. Services are started when they are first asked for. */
export interface Context {
  /** Leave out what takes long; fewer and shorter rounds. */
  readonly quick: boolean
  /** For cases that take microseconds. */
  readonly budget: Budget
  /** For cases with a round trip, where fewer rounds tell as much. */
  readonly remoteBudget: Budget
  show(sheet: Sheet): void
  /** Reports of wildlife strikes in PGlite, inside this process. */
  catalogue(): Promise<Catalogue>
  /** The first of these reports on a PostgreSQL server. */
  serverCatalogue(): Promise<Catalogue>
  /** A shop's data on a PostgreSQL server, for Drizzle. */
  products(): Promise<Products>
  /** A Valkey server. */
  server(): Promise<Server>
}

/** Thrown where a group cannot be measured on this machine: it is left out and the reason printed. */
export class Unavailable extends Error {}

/** Reports on the PostgreSQL server. */
export const SERVER_ROWS = 5_000

export interface OpenContext extends Context {
  close(): Promise<void>
}

export function openContext(quick: boolean, show: (sheet: Sheet) => void): OpenContext {
  const catalogue = lazy(openCatalogue)
  const serverCatalogue = lazy(() => openServerCatalogue(SERVER_ROWS).catch(leaveOut))
  const products = lazy(() => openProducts().catch(leaveOut))
  const server = lazy(() => openServer().catch(leaveOut))
  return {
    quick,
    budget: quick ? { rounds: 16, slice: 12, warmUp: 6 } : { rounds: 60, slice: 40, warmUp: 10 },
    remoteBudget: quick ? { rounds: 12, slice: 15, warmUp: 4 } : { rounds: 50, slice: 40, warmUp: 10 },
    show,
    catalogue: catalogue.get,
    serverCatalogue: serverCatalogue.get,
    products: products.get,
    server: server.get,
    async close() {
      for (const { close } of [catalogue, serverCatalogue, products, server]) await close()
    },
  }
}

function leaveOut(error: unknown): never {
  throw new Unavailable((error as Error).message)
}

function lazy<T extends { close(): Promise<void> }>(
  open: () => Promise<T>,
): { get(): Promise<T>; close(): Promise<void> } {
  let opened: Promise<T> | undefined
  return {
    get() {
      opened ??= open()
      return opened
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  }
}
