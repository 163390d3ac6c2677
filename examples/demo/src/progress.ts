import type { Screen } from './screen.ts'

export interface Progress {
  /** `done` of the total is behind us. Never goes back. */
  at(done: number): void
  /** Leaves the last state on the screen and ends its line. */
  end(): void
}

/** A plain screen gets a line at each of these shares instead of a bar. */
const STEPS = 4
const BAR_AT_MOST = 30

/** A bar that is redrawn in place, or a few lines where nothing can be redrawn. */
export function startProgress(
  screen: Screen,
  label: string,
  total: number,
  say: (done: number) => string,
): Progress {
  let drawn = ''
  let stepsSaid = 0
  return {
    at(done) {
      const share = total > 0 ? Math.min(1, done / total) : 1
      if (screen.plain) {
        const step = Math.floor(share * STEPS)
        if (step > stepsSaid) screen.line(`${label} ${percent(share)} ${say(done)}`.trimEnd())
        stepsSaid = Math.max(stepsSaid, step)
        return
      }
      const text = bar(screen.width(), label, share, say(done))
      if (text !== drawn) screen.redraw(text)
      drawn = text
    },
    end() {
      if (drawn !== '') screen.line()
      drawn = ''
    },
  }
}

/** `Seeding [######----]  60% 6,000 of 10,000`; what does not fit is left out from the right, then the bar. */
export function bar(width: number, label: string, share: number, note: string): string {
  const short = `${label} ${percent(share)}`
  const long = `${short} ${note}`.trimEnd()
  const text = long.length <= width - 1 ? long : short
  const cells = Math.min(BAR_AT_MOST, width - 1 - text.length - 3)
  if (cells < 4) return text
  const full = Math.round(cells * share)
  return `${label} [${'#'.repeat(full)}${'-'.repeat(cells - full)}]${text.slice(label.length)}`
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4)
}
