import { shareServices } from './shared.ts'

/** Vitest's global setup: one PostgreSQL and one Valkey for the whole run, and only if a test asks. */
export async function setup(): Promise<() => Promise<void>> {
  return await shareServices()
}
