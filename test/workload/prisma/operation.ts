import type { Source } from './nested-writes.ts'

/** One operation: model, operation, arguments. */
export type Operation = readonly [model: string, operation: string, args: Record<string, unknown>]

/** Makes a random one. */
export type Make = (source: Source) => Operation

/** Runs an operation by its name. Prisma checks the arguments at run time; the types are not the point here. */
export function perform(client: unknown, [model, operation, args]: Operation): PromiseLike<unknown> {
  const delegate = (client as Record<string, Record<string, (args: unknown) => PromiseLike<unknown>>>)[model]
  const method = delegate?.[operation]
  if (!method) throw new Error(`no ${model}.${operation}`)
  return method(args)
}
