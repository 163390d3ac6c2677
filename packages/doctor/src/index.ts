export type {
  Catalogue,
  CatalogueColumn,
  CatalogueForeignKey,
  Relation,
  RelationKind,
  Trigger,
} from './catalogue.ts'
export { compare } from './compare.ts'
export { doctor, type Surroundings } from './doctor.ts'
export { type Examined, examine } from './examine.ts'
export type { Finding, Level } from './finding.ts'
export { type Query, readCatalogue } from './postgres/read-catalogue.ts'
export { report } from './report.ts'
