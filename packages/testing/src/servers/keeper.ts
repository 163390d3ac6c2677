import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { makeDataFolder } from '../services/data-folder.ts'

/** A program that can be started again and again, and does not outlive this process. */
export interface KeptProgram {
  /** Its working folder, which goes with it. */
  readonly folder: string
  /** Its process, while it runs. */
  readonly pid: number | undefined
  /** Starts it. Does nothing while it runs. */
  start(): Promise<void>
  /** kill -9. Resolves when it is gone. */
  kill(): Promise<void>
  /** Kills it and removes the folder. */
  stop(): Promise<void>
  /** The last it wrote. */
  lastWords(): string
}

// Lives as long as the pipe to the test run: when that stops, crashes or is killed, the pipe closes and the shell ends
// the program by its pid, paused or not. The inner shell becomes the program: its pid is the program's own.
const keeper = `
folder=$1; shift
job=
while read -r _; do
  {
    sh -c 'echo $$ >"$0/pid"; echo $$; exec "$@" >>"$0/log" 2>&1' "$folder" "$@"
    rm -f "$folder/pid"
    echo gone
  } </dev/null & job=$!
done
exec >/dev/null 2>&1
tries=0
while [ -n "$job" ] && kill -0 "$job" && [ $tries -lt 100 ]; do
  [ -f "$folder/pid" ] && kill -s KILL "$(cat "$folder/pid")"
  tries=$((tries + 1))
  sleep 0.05
done
rm -rf "$folder"
`

/** @param command is made for the folder the program runs in. */
export function keep(name: string, command: (folder: string) => readonly string[]): KeptProgram {
  const folder = makeDataFolder(name)
  const shell = spawn('sh', ['-c', keeper, 'larder-keeper', folder, ...command(folder)], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
    // Ctrl-C reaches the test run first.
    detached: true,
  })
  const ended = new Promise<void>((resolve) => shell.once('exit', () => resolve()))
  shell.stdin.on('error', () => {})
  shell.unref()
  for (const pipe of shell.stdio) if (pipe instanceof Socket) pipe.unref()

  let pid: number | undefined
  let heard = Promise.withResolvers<void>()
  createInterface(shell.stdout).on('line', (line) => {
    pid = line === 'gone' ? undefined : Number(line)
    heard.resolve()
    heard = Promise.withResolvers()
  })
  const lastWords = (): string => {
    try {
      return readFileSync(join(folder, 'log'), 'utf8').slice(-1_000)
    } catch {
      return ''
    }
  }
  // Nothing here keeps an otherwise finished process alive, except while somebody waits for it.
  const next = async (act: () => void): Promise<void> => {
    const { promise } = heard
    shell.ref()
    act()
    await promise.finally(() => shell.unref())
  }
  return {
    folder,
    get pid() {
      return pid
    },
    async start() {
      if (pid === undefined) await next(() => shell.stdin.write('start\n'))
    },
    async kill() {
      const running = pid
      if (running !== undefined) await next(() => process.kill(running, 'SIGKILL'))
    },
    async stop() {
      shell.ref()
      shell.stdin.end()
      await ended
    },
    lastWords,
  }
}
