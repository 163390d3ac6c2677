/** A lazy promise of Prisma: its query is sent by `then`, or as part of an array transaction. */
export interface PrismaPromise<T = unknown> extends Promise<T> {
  readonly [Symbol.toStringTag]: 'PrismaPromise'
  requestTransaction?(transaction: unknown): PromiseLike<T>
}

/** Returns a lazy promise of the mapped result. An array transaction accepts it as it accepts the original. */
export function mapPromise<T, R>(promise: PrismaPromise<T>, map: (result: T) => R): PrismaPromise<R> {
  return {
    [Symbol.toStringTag]: 'PrismaPromise',
    // biome-ignore lint/suspicious/noThenProperty: Prisma's own promises are objects of this shape.
    then: (fulfilled, rejected) => promise.then(map).then(fulfilled, rejected),
    catch: (rejected) => promise.then(map).catch(rejected),
    finally: (settled) => promise.then(map).finally(settled),
    requestTransaction: (transaction) => (promise.requestTransaction?.(transaction) ?? promise).then(map),
  }
}
