/** Reads the first `keys` ids over and over. @returns ns for all requests. */
export async function drive(
  read: (id: number) => Promise<unknown>,
  { inFlight, requests, keys }: { inFlight: number; requests: number; keys: number },
): Promise<number> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < requests) await read(next++ % keys)
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: inFlight }, caller))
  return (performance.now() - began) * 1e6
}
