import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { makeDataFolder } from './data-folder.ts'

/** A temporary folder that a server owns, and how to run programs as the user it belongs to. */
export interface ServerFolder {
  /** What the server is called in errors. */
  readonly name: string
  readonly folder: string
  /** Puts the change of user in front of a command; the command itself when no change is needed. */
  as(command: readonly string[]): string[]
}

/** Servers that refuse to run as root get the first of `users` that exists; everyone else runs as themselves. */
export function makeServerFolder(name: string, users: readonly string[] = []): ServerFolder {
  const folder = makeDataFolder(name)
  return { name, folder, as: handOver(name, folder, users) }
}

/** Gives `folder` to the first of `users` that exists, if we are root. Returns {@link ServerFolder.as} for that user. */
export function handOver(name: string, folder: string, users: readonly string[]): ServerFolder['as'] {
  if (process.getuid?.() !== 0 || users.length === 0) return (command) => [...command]
  const user = users.map(identify).find((each) => each !== undefined)
  if (user === undefined) throw new Error(`${name} does not run as root and none of ${users} exists here`)
  chownSync(folder, user.uid, user.gid)
  const change = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']
  return (command) => [...change, ...command]
}

function identify(user: string): { uid: number; gid: number } | undefined {
  try {
    const ask = (flag: string): number => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }))
    return { uid: ask('-u'), gid: ask('-g') }
  } catch {
    return undefined
  }
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

// The server lives as long as the pipe to this process: when we stop it, crash or are killed, the pipe closes and the
// shell ends the server it started, by its pid, and removes the folder. Detached, so that Ctrl-C reaches us first.
const keeper = `
exec 3<&0
signal=$1 folder=$2; shift 2
"$@" </dev/null 3<&- & server=$!
exec >/dev/null 2>&1
{ read -r _ <&3; kill -s "$signal" $server; sleep 5; kill -s KILL $server; } & watch=$!
wait $server
kill $watch
rm -rf "$folder"
`

export interface Run {
  readonly command: readonly string[]
  /** The signal on which the server leaves at once, its clients still connected. */
  readonly signal: 'INT' | 'TERM'
  readonly room: ServerFolder
  /** Resolves when the server answers; rejects while it does not. */
  readonly answers: () => Promise<void>
  /** How long it may take to answer, in milliseconds. */
  readonly within: number
}

/** Starts a server and waits until it answers. Resolves to the function that stops it. */
export async function startServer(run: Run): Promise<() => Promise<void>> {
  const keep = ['-c', keeper, 'larder-keeper', run.signal, run.room.folder, ...run.room.as(run.command)]
  const child = spawn('sh', keep, { cwd: run.room.folder, stdio: 'pipe', detached: true })
  const lastWords = listen(child)
  let gone = false
  const exit = once(child, 'exit').then(() => {
    gone = true
  })
  const stop = async (): Promise<void> => {
    child.ref()
    child.stdin.end()
    await exit
  }
  const deadline = performance.now() + run.within
  for (;;) {
    try {
      await run.answers()
      return stop
    } catch (cause) {
      if (!gone && performance.now() < deadline) {
        await wait(50)
        continue
      }
      const what = gone ? 'ended at once' : `did not answer within ${run.within} ms`
      await stop()
      throw new Error(`${run.room.name} ${what}\n${lastWords()}`, { cause })
    }
  }
}

/** Keeps the end of what the server says. Neither it nor its pipes keep an otherwise finished process alive. */
function listen(child: ChildProcessWithoutNullStreams): () => string {
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = (said + String(chunk)).slice(-1_000)
    })
  }
  child.unref()
  for (const pipe of child.stdio) if (pipe instanceof Socket) pipe.unref()
  return () => said
}
