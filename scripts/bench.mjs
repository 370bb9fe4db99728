// npm run bench [name …]: runs benchmarks/*.ts one after another, or those named, and draws docs/benchmarks. They run
// against the built package: what tsx
// makes of the sources (it names every function at run time) costs as much as the library itself.

import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { drawBenchmarks } from './draw-benchmarks.mjs'
import { prepareAndRun, root, run, runTypeScript, SetupError } from './setup.mjs'

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

  const built = await run(process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json'
  ])
  if (built !== 0) return built
  // Its paths are empty, so that 'hot-redis' is the package's own export.
  process.env.TSX_TSCONFIG_PATH = join(root, 'tsconfig.build.json')

  let worst = 0
  for (const name of named.length > 0 ? named : all)
    worst = Math.max(worst, await runTypeScript(`benchmarks/${name}.ts`))
  drawBenchmarks(root)
  return worst
})
