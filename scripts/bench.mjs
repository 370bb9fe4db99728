// npm run bench [name …]: runs benchmarks/*.ts one after another, or those named.

import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { prepareAndRun, root, runTypeScript, SetupError } from './setup.mjs'

await prepareAndRun(async () => {
  const folder = join(root, 'benchmarks')
  const all = (existsSync(folder) ? readdirSync(folder) : [])
    .filter(file => file.endsWith('.ts'))
    .map(file => basename(file, '.ts'))
    .sort()
  const named = process.argv.slice(2).map(name => basename(name, '.ts'))
  const unknown = named.filter(name => !all.includes(name))
  if (unknown.length > 0) {
    throw new SetupError(`no benchmark is called ${unknown.join(', ')}; there are: ${all.join(', ') || 'none'}`)
  }

  let worst = 0
  for (const name of named.length > 0 ? named : all)
    worst = Math.max(worst, await runTypeScript(`benchmarks/${name}.ts`))
  return worst
})
