import { createMeter, type Measured, type Meter } from './measure.ts'
import type { Shadow } from './shadow.ts'
import type { Strikes } from './strikes.ts'
import { turn } from './turn.ts'
import type { Operation } from './workload.ts'

/** How often the event loop gets a turn: for the bar, and so that Ctrl-C is heard. In ms. */
const TURN_EVERY = 40

export interface LoadOptions {
  readonly strikes: Strikes
  readonly operations: Iterable<Operation>
  readonly shadow: Shadow
  /** SQL statements that reached the database so far. */
  statements(): number
  /** Ends after this many operations… */
  readonly most: number
  /** …or after this many ms, whichever is first. */
  readonly limit: number
  readonly signal: AbortSignal
  /** Called now and then with the share that is done, 0 to 1. */
  onProgress?(share: number): void
}

/** Runs operations one after the other and checks every read against the shadow. */
export async function runLoad(options: LoadOptions): Promise<Measured> {
  const { most, limit, signal, onProgress } = options
  const meter = createMeter()
  let done = 0
  let lastTurn = meter.elapsed()
  for (const operation of options.operations) {
    if (done >= most || meter.elapsed() >= limit || signal.aborted) break
    await perform(operation, options, meter)
    done++
    if (meter.elapsed() - lastTurn < TURN_EVERY) continue
    onProgress?.(Math.min(1, Math.max(done / most, meter.elapsed() / limit)))
    await turn()
    lastTurn = meter.elapsed()
  }
  const measured = meter.stop()
  if (!signal.aborted) onProgress?.(1)
  return measured
}

async function perform(operation: Operation, options: LoadOptions, meter: Meter): Promise<void> {
  const { strikes, shadow, statements } = options
  const before = statements()
  if (operation.kind === 'write') {
    const costs = shadow.raised(operation.id, operation.by)
    await strikes.write(operation.id, costs)
    shadow.wrote(operation.id, costs)
    meter.wrote(statements() - before)
    return
  }
  const start = performance.now()
  const found = await strikes.read(operation.id)
  const took = performance.now() - start
  meter.read({ took, statements: statements() - before, fresh: shadow.agrees(operation.id, found) })
}
