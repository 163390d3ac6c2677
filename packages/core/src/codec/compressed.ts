import type { ByteSize } from '../bytes.ts'
import { CacheError } from '../errors.ts'
import type { Codec } from './codec.ts'

/**
 * A codec that compresses what is larger than `above`. Not built yet.
 * @throws CacheError `LARDER_OPTION_NOT_BUILT`, always.
 */
export function compressed(codec: Codec, _options?: { above?: ByteSize }): Codec {
  throw new CacheError(
    'LARDER_OPTION_NOT_BUILT',
    `compressed(${codec?.name}) is not built yet in this version of Larder: give the codec itself`,
  )
}
