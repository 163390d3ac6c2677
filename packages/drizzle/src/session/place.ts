import type { Transaction } from '@larder/core'

/** Where a statement stands: the scope of the transaction its session is in, if any. */
export type Place = () => Transaction | undefined
