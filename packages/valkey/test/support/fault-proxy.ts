import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Stands between a store and its server, and makes the network worse. */
export interface FaultProxy {
  readonly port: number
  readonly url: string
  /** From now on every piece, either way, arrives this many milliseconds late. Order is kept. */
  delay(milliseconds: number): void
  /** Closes every connection; new ones are taken. */
  cut(): void
  close(): void
}

export async function faultProxy(target: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  let late = 0
  const relay = createServer((client) => {
    const server = connect(target, '127.0.0.1')
    pass(client, server, () => late)
    pass(server, client, () => late)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const { port } = relay.address() as { port: number }
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    url: `valkey://127.0.0.1:${port}`,
    delay(milliseconds) {
      late = milliseconds
    },
    cut,
    close() {
      relay.close()
      cut()
    },
  }
}

function pass(from: Socket, to: Socket, late: () => number): void {
  let last: Promise<unknown> = Promise.resolve()
  from.on('data', (piece) => {
    const due = performance.now() + late()
    last = last.then(async () => {
      const remaining = due - performance.now()
      if (remaining > 0) await wait(remaining)
      if (!to.destroyed) to.write(piece)
    })
  })
}
