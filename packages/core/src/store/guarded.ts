/** The outcome of a guarded call. `ok: false`: it failed, was late or was not made. It may have had its effect all the same. */
export type Guarded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** Not sent, because reads have found that the store does not answer. */
export const STOPPED: Extract<Guarded<never>, { readonly ok: false }> = {
  ok: false,
  error: new Error('the store did not answer the last reads'),
}
