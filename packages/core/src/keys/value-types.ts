/**
 * What a host tells about classes only it knows. Decimal classes differ between generated clients, so the host
 * names its own: `is` recognises an instance, `text` gives its exact text, `make` builds one from that text.
 */
export interface ValueTypes {
  readonly decimal?: {
    is(value: unknown): boolean
    text(value: unknown): string
    make(text: string): unknown
    /** Makes another instance of the same value. Absent: by its text. */
    copy?(value: unknown): unknown
  }
}
