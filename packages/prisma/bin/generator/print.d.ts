import type { Datamodel } from '../../src/schema/datamodel.ts'

export declare function outputFile(output: string | null | undefined): string
export declare function print(datamodel: Datamodel): string
