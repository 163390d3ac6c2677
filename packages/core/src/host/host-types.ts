import type { ValueTypes } from '../keys/value-types.ts'

type Decimal = NonNullable<ValueTypes['decimal']>

/** Classes of values that only hosts know, as computed values may hold them: what `load` returns may be of any host. */
export interface HostTypes {
  /** Those of the attached hosts, whenever they are used. A class that two hosts have in two copies is nobody's. */
  readonly types: ValueTypes
  /** Part of the identity of computed values: who does not know a class cannot read them. */
  readonly name: string | null
  add(types: ValueTypes): void
}

export function createHostTypes(): HostTypes {
  const decimals = new Set<Decimal>()
  let prototype: unknown
  const only = (): Decimal | undefined => {
    const [first] = decimals
    return decimals.size === 1 ? first : undefined
  }
  return {
    types: {
      decimal: {
        // Hosts recognize a decimal of any copy of its library, but make those of their own.
        is: (value) => only()?.is(value) === true && Object.getPrototypeOf(value) === prototype,
        text: (value) => only()?.text(value) ?? '',
        make(text) {
          const decimal = only()
          if (!decimal) throw new Error('Larder: a decimal of a client that is not attached')
          return decimal.make(text)
        },
      },
    },
    get name() {
      return decimals.size === 1 ? 'decimal' : null
    },
    add({ decimal }) {
      if (!decimal || decimals.has(decimal)) return
      // Two are enough to know that there is more than one.
      if (decimals.size < 2) decimals.add(decimal)
      prototype = Object.getPrototypeOf(decimal.make('0'))
    },
  }
}
