import { defineConfig } from 'vitepress'

const page = (text: string, file: string) => ({ text, link: `/docs/${file}` })
const example = (text: string, folder: string) => ({ text, link: `/examples/${folder}/README` })

/** The anchor that a code host makes of a heading, so that one link serves both. `check-packages.mjs` checks them. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/**
 * The site is the repository's own Markdown: a page has the path that its file has, so a relative link is valid in both.
 * A link to a page that does not exist fails the build.
 */
export default defineConfig({
  title: 'Larder',
  description: 'Query caching for Prisma and Drizzle that is never stale',
  srcDir: '..',
  srcExclude: [
    '.changeset/**',
    '.github/**',
    'bench/**',
    'prisma/**',
    'scripts/**',
    'test/**',
    'packages/*/{CAVEATS,CHANGELOG}.md',
    // Copied there before a package is packed.
    'packages/*/docs/**',
    'packages/*/test/**',
  ],
  outDir: '.vitepress/dist',
  cacheDir: '.vitepress/.cache',
  rewrites: { 'README.md': 'index.md' },
  markdown: { anchor: { slugify: anchorOf } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: 'https://github.com/larder/larder' }],
    editLink: { pattern: 'https://github.com/larder/larder/edit/main/:path' },
    nav: [
      { text: 'Quick start', link: '/docs/quick-start-prisma' },
      { text: 'All pages', link: '/docs/README' },
      { text: 'Caveats', link: '/CAVEATS' },
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'What is Larder?', link: '/' },
          page('Quick start: Prisma', 'quick-start-prisma'),
          page('Quick start: Drizzle', 'quick-start-drizzle'),
          page('Important defaults', 'important-defaults'),
          page('How invalidation works', 'invalidation'),
          page('Migrating from…', 'migrating'),
        ],
      },
      {
        text: 'Guides',
        items: [
          page('Choosing a pattern', 'choosing-a-pattern'),
          page('Policies', 'policies'),
          page('How stale can this be?', 'freshness'),
          page('Write-through and write-around', 'write-through'),
          page('One load per key', 'herds'),
          page('Transactions and locks', 'transactions'),
          page('Raw SQL', 'raw-sql'),
          page('Computed values', 'computed-values'),
          page('Structures: locks, sessions, leaderboards, counters', 'structures'),
          page('Multi-tenancy', 'multi-tenancy'),
          page('Testing your app', 'testing'),
          page('Modules, TypeScript and Jest', 'modules'),
          page('Serverless and hot reload', 'serverless'),
          page('Prisma', 'prisma'),
          page('Prisma’s features and the cache', 'prisma-features'),
          page('Types for helpers and services', 'prisma-types'),
          page('Drizzle', 'drizzle'),
          page('Databases', 'databases'),
        ],
      },
      {
        text: 'Running it',
        items: [
          page('Memory store and memory tier', 'memory-tier'),
          page('Several processes and Valkey', 'valkey'),
          page('Valkey: settings of the server', 'valkey-server'),
          page('Valkey: recipes', 'valkey-recipes'),
          page('Valkey: connection problems', 'valkey-troubleshooting'),
          page('Operations', 'operations'),
          page('Performance', 'performance'),
          page('All measurements', 'measurements'),
          page('Scale', 'scale'),
          page('Switching off and warming up', 'switching-off'),
          page('When things fail', 'when-things-fail'),
          page('Unreachable databases', 'unreachable-database'),
          page('Troubleshooting a miss', 'troubleshooting'),
          { text: 'larder doctor', link: '/packages/doctor/README' },
        ],
      },
      {
        text: 'Examples',
        items: [
          example('The demo: three services', 'three-services'),
          example('Catalogue', 'catalogue'),
          example('Inventory', 'inventory'),
          example('Leaderboard', 'leaderboard'),
          example('NestJS', 'nestjs'),
          example('Next.js', 'nextjs'),
          example('Hono', 'hono'),
          example('Serverless', 'serverless'),
          example('Migrations', 'migrations'),
          example('Soft delete', 'soft-delete'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('Options', 'options'),
          page('Events', 'events'),
          page('Errors', 'errors'),
          page('Guarantees and their tests', 'guarantees'),
          { text: 'Caveats', link: '/CAVEATS' },
        ],
      },
      {
        text: 'Internals',
        items: [
          page('How it works', 'how-it-works'),
          page('The protocol', 'protocol'),
          page('What shares what', 'sharing'),
          page('Glossary', 'glossary'),
        ],
      },
    ],
  },
})
