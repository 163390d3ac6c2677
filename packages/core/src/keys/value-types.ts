/**
 * What a host tells about classes only it knows. Decimal classes differ between generated clients, so the host
 * names its own: `is` recognises an instance, `text` gives its exact text, `make` builds one from that text. `copy` makes an
 * exact copy of what `make` has built; without it, values with decimals are decoded again for every hit.
 */
export interface ValueTypes {
  readonly decimal?: {
    is(value: unknown): boolean
    text(value: unknown): string
    make(text: string): unknown
    copy?(value: unknown): unknown
  }
}
