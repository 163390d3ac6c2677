let last = 0

/** Returns another number on each call. */
export function next(): number {
  last++
  return 1_000 + last
}

/** A class of the user. */
export class Moment {
  readonly at: number

  constructor(at: number) {
    this.at = at
  }
}

export interface VectorType {
  data: number[]
  driverData: string
}
export const VECTOR = {
  toDriver: (value: number[]): string => `[${value.join()}]`,
  fromDriver: (value: string): number[] => JSON.parse(value) as number[],
}

export interface MomentType {
  data: Moment
  driverData: number
}
export const MOMENT = {
  toDriver: ({ at }: Moment): number => at,
  fromDriver: (value: number): Moment => new Moment(Number(value)),
}
