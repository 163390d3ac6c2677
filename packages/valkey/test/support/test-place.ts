import { valkeyUrl } from '@larder/testing'
import type { ValkeyStoreOptions } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { connectTo } from './server.ts'
import { createPlace, join, type Member, type Mode, type SharedPlace } from './server-members.ts'

/** The database and the namespace of the running test, and the members that are closed after it. */
export interface TestPlace extends SharedPlace {
  readonly members: Member[]
  /** Adds a member. */
  join(options: ValkeyStoreOptions, mode?: Mode): Promise<Member>
  /** Adds three members: one for each mode of the memory tier. */
  joinInEachMode(options: ValkeyStoreOptions): Promise<readonly [Member, Member, Member]>
  /** Adds two members. The second one keeps nothing in its memory. */
  joinPair(options: ValkeyStoreOptions): Promise<[Member, Member]>
}

/** Registers hooks that give each test of a file a place of its own. */
export function useTestPlace(): TestPlace {
  let database: Redis
  let place: SharedPlace
  const members: Member[] = []
  beforeAll(async () => {
    database = connectTo(await valkeyUrl())
  })
  afterAll(() => database.disconnect())
  beforeEach(() => {
    place = createPlace(database)
  })
  afterEach(async () => {
    await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
    await database.unlink(place.name)
  })
  const add = async (options: ValkeyStoreOptions, mode?: Mode): Promise<Member> => {
    const member = await join(place, options, mode)
    members.push(member)
    return member
  }
  return {
    get database() {
      return database
    },
    get name() {
      return place.name
    },
    members,
    join: add,
    joinInEachMode: async (options) => [
      await add(options, 'off'),
      await add(options),
      await add(options, 'push'),
    ],
    joinPair: async (options) => [await add(options), await add(options, 'off')],
  }
}
