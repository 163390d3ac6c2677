import { CacheError, show } from '@larder/core/store'

/**
 * The part of an iovalkey or ioredis client, or of its Cluster, that the structures use. They never close it. A `keyPrefix`
 * of the client applies.
 */
export interface StructureClient {
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
}

/** @throws CacheError `LARDER_CONFIG` for anything that is no iovalkey or ioredis client. `maker` is named in the error. */
export function checkClient(client: StructureClient, maker: string): void {
  if (typeof (client as { readonly call?: unknown } | null)?.call !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `${maker} got ${show(client)} as its client: give an instance of Redis or Cluster of iovalkey or ioredis`,
    )
}
