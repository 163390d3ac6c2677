import { defineConfig } from 'prisma/config'

/** Prisma finds the schema and the migrations here. There is no URL: every use brings its own adapter. */
export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } })
