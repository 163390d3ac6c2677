export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs')
    globalThis.itemsOfInstrumentation = await import('./lib/items.mjs')
}
