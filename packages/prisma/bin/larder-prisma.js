#!/usr/bin/env node
// The `larder-prisma` generator. Plain JavaScript: npm links a workspace's bin at install time, before any build.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import generatorHelper from '@prisma/generator-helper'
import { toDatamodel } from './generator/datamodel.js'
import { outputFile, print } from './generator/print.js'

generatorHelper.generatorHandler({
  onManifest: () => ({ prettyName: 'Larder datamodel', defaultOutput: './generated/larder.ts' }),
  onGenerate: async (options) => {
    const file = outputFile(options.generator.output?.value)
    const text = print(toDatamodel(options.dmmf.datamodel, options.datasources[0], options.datamodel))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  },
})
