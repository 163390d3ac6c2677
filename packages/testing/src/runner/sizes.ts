/**
 * How much a test run does. `npm test` is short: every property, on few seeds and one driver of each kind.
 * `npm run test:long` takes the long walks and the whole sweeps.
 */
export type TestSize = 'short' | 'long'

export const testSize: TestSize = process.env.LARDER_TEST_SIZE === 'long' ? 'long' : 'short'

/** What a short run takes, and a long one. `vitest.config.ts` runs a test file at both sizes if it names `sizes`. */
export function sized<T>(short: T, long: T): T {
  return testSize === 'long' ? long : short
}

/** A number by size, which the environment variable `name` overrides: for one longer run, or for a seed to repeat. */
export function setting(name: string, short: number, long: number = short): number {
  const setting = process.env[name]
  return setting === undefined ? sized(short, long) : Number(setting)
}

/** The first ones of a list in a short run, all of them in a long one. */
export function sweep<T>(all: readonly T[], short = 1): readonly T[] {
  return sized(all.slice(0, short), all)
}
