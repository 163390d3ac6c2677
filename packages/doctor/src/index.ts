export type {
  Catalogue,
  CatalogueColumn,
  CatalogueForeignKey,
  Relation,
  RelationKind,
  Trigger,
} from './catalogue.ts'
export { compare, type Use } from './compare/compare.ts'
export { compareReleases } from './compare/releases.ts'
export { connectDatabase } from './connect.ts'
export type { Connection } from './connection.ts'
export { doctor, type Surroundings } from './doctor.ts'
export { type Examined, examine } from './examine.ts'
export type { Finding, Level } from './finding.ts'
export { report } from './report.ts'
