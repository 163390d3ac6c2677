/** How the error begins that makes Vitest repeat a test: `retry` in `vitest.config.ts`. */
export const BUSY = 'the machine was busy during this test'
