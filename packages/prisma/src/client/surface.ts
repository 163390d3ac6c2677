import type { Cache } from '@larder/core'
import type { Operation } from '../execute/operation.ts'
import type { CallPolicy } from '../policy/policies.ts'
import type { ClientCache } from './extension-types.ts'

/** Runs an operation of Prisma through the cache, under the policy of its model or of the call. */
export type RunOperation = (call: CallPolicy | undefined, op: Operation) => Promise<unknown>

/** A method that an extension adds to every model. `this` is the model. */
export type ModelMethod = (this: object, args: unknown) => unknown

/** Another way to ask for cached reads than `$cached`, on all extended forms of one client. */
export interface ClientSurface {
  /** Runs an operation whose arguments may hold options that are not Prisma's. */
  run(run: RunOperation, call: CallPolicy | undefined, op: Operation): Promise<unknown>
  readonly modelMethods: Readonly<Record<string, ModelMethod>>
  readonly clientMembers: Readonly<Record<string, unknown>>
}

/** Makes the surface of one client. */
export type CreateSurface = (cache: Cache, clientCache: ClientCache) => ClientSurface
