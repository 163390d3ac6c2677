import { describe, expect, it } from 'vitest'

export type Side = 'before' | 'after'

/** What each side answers, in a situation that the migration changes. */
type Situations = Readonly<
  Record<string, readonly [ask: (side: Side) => Promise<unknown>, before: unknown, after: unknown]>
>

/** Tests each situation on both sides. `name` is what the application had before Larder. */
export function testSituations(name: string, situations: Situations): void {
  describe.each(Object.entries(situations))('%s', (_name, [ask, before, after]) => {
    it(name, async () => {
      expect(await ask('before')).toBe(before)
    })

    it('Larder', async () => {
      expect(await ask('after')).toBe(after)
    })
  })
}
