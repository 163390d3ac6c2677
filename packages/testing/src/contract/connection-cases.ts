import { expect } from 'vitest'

/** Ways to create clients, grouped by what they are connected to. */
export interface ConnectionCase<Make> {
  /** Ways to configure one connection. */
  readonly same: readonly Make[]
  /** Each of these differs from every other connection here. */
  readonly others: Readonly<Record<string, Make>>
}

/**
 * Expects one identity for all connections of `same` and a different one for each of `others`. None contains the word
 * `secret`, which the cases use as a password.
 * @param identityOf the identity of a connection, as text.
 */
export async function expectDistinctConnections<Make>(
  { same, others }: ConnectionCase<Make>,
  identityOf: (make: Make) => Promise<string>,
): Promise<void> {
  const names = new Map<string, string[]>()
  const add = async (name: string, make: Make): Promise<void> => {
    const identity = await identityOf(make)
    names.set(identity, [...(names.get(identity) ?? []), name])
  }
  for (const make of same) await add('same', make)
  for (const [name, make] of Object.entries(others)) await add(name, make)
  expect([...names.values()]).toEqual([same.map(() => 'same'), ...Object.keys(others).map((name) => [name])])
  expect([...names.keys()].join()).not.toContain('secret')
}
