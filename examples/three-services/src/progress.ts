import type { Screen } from './screen.ts'

export interface Progress {
  /** `share` of the work is done, 0 to 1. Never goes back. */
  at(share: number): void
  /** Leaves the last state on the screen and ends its line. */
  end(): void
}

/** A plain screen gets a line at each of these shares instead of a bar. */
const STEPS = 4
const BAR_AT_MOST = 30

/** A bar that is redrawn in place, or a few lines where nothing can be redrawn. */
export function startProgress(screen: Screen, label: string): Progress {
  let [drawn, written] = ['', 0]
  return {
    at(share) {
      if (screen.plain) {
        const step = Math.floor(share * STEPS)
        if (step > written) screen.line(`${label} ${percent(share)}`)
        written = Math.max(written, step)
        return
      }
      const text = bar(screen.width(), label, share)
      if (text !== drawn) screen.redraw(text)
      drawn = text
    },
    end() {
      if (drawn !== '') screen.line()
      drawn = ''
    },
  }
}

/** `Without cache [######----]  60%`. Where the bar does not fit, it is left out. */
export function bar(width: number, label: string, share: number): string {
  const text = `${label} ${percent(share)}`
  const cells = Math.min(BAR_AT_MOST, width - 1 - text.length - 3)
  if (cells < 4) return text
  const full = Math.round(cells * share)
  return `${label} [${'#'.repeat(full)}${'-'.repeat(cells - full)}]${text.slice(label.length)}`
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4)
}
