import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'

/** Passes the bytes of WebSockets on to a TCP port, as Neon's proxy does. */
export interface WebSocketProxy {
  readonly port: number
  close(): void
}

/** @param target port on 127.0.0.1. */
export async function websocketProxy(target: number): Promise<WebSocketProxy> {
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('upgrade', (request, socket: Socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    const upstream = connect(target, '127.0.0.1')
    for (const each of [socket, upstream]) {
      each.setNoDelay(true)
      sockets.add(each)
      each.on('error', () => {})
      each.on('close', () => {
        sockets.delete(each)
        socket.destroy()
        upstream.destroy()
      })
    }
    let pending = Buffer.alloc(0)
    socket.on('data', (piece: Buffer) => {
      pending = Buffer.concat([pending, piece])
      for (let frame = frameIn(pending); frame; frame = frameIn(pending)) {
        pending = pending.subarray(frame.size)
        if (frame.kind === CLOSE) socket.end()
        else upstream.write(frame.payload)
      }
    })
    upstream.on('data', (piece: Buffer) => socket.write(Buffer.concat([headOf(piece.length), piece])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const CLOSE = 8
const BINARY = 2

/** The first frame of a client, if it is whole. Clients mask what they send. */
function frameIn(bytes: Buffer): { kind: number; payload: Buffer; size: number } | undefined {
  if (bytes.length < 6) return undefined
  const short = (bytes[1] as number) & 0x7f
  const head = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < head + 4) return undefined
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  const [start, size] = [head + 4, head + 4 + length]
  if (bytes.length < size) return undefined
  const mask = bytes.subarray(head, start)
  const payload = Buffer.from(bytes.subarray(start, size))
  for (let at = 0; at < length; at++) payload[at] = (payload[at] as number) ^ (mask[at % 4] as number)
  return { kind: (bytes[0] as number) & 0x0f, payload, size }
}

function headOf(length: number): Buffer {
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = 0x80 | BINARY
  if (head.length === 2) head[1] = length
  else if (head.length === 4) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return head
}
