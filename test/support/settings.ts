/** A number from the environment: longer runs and other seeds than the usual ones. */
export function setting(name: string, usual: number): number {
  const given = process.env[name]
  return given === undefined ? usual : Number(given)
}
