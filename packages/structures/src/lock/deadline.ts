/** A moment by two clocks of this process, whichever comes first: one stops while a machine sleeps, the other can be set back. */
export interface Deadline {
  /** Milliseconds until then, at least 0. */
  left(): number
}

/** A deadline `milliseconds` from now. */
export function deadlineIn(milliseconds: number): Deadline {
  const [monotonic, wall] = [performance.now() + milliseconds, Date.now() + milliseconds]
  return { left: () => Math.max(0, Math.min(monotonic - performance.now(), wall - Date.now())) }
}
