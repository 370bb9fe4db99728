// npm test [-- name …]: runs the tests that guard a change, or those whose file matches a name.
// npm run soak [-- name …]: runs what is done as often, and with as much, as time allows: `scaled` in the tests.

import { join } from 'node:path'
import { prepareAndRun, root, run } from './setup.mjs'

const args = process.argv.slice(2)
const soak = args[0] === '--soak'
const names = soak ? args.slice(1) : args

if (soak) {
  process.env.HOT_TEST_RUNS ??= '10'
  // Jest knows who imports it, at whatever remove.
  if (names.every(name => name.startsWith('-')))
    names.push('--findRelatedTests', join(root, '__tests__', 'support', 'runs.ts'))
}

await prepareAndRun(() =>
  run(process.execPath, [
    '--experimental-vm-modules', // jest needs it for ES modules
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--forceExit', // clients that tests leave reconnecting to servers they stopped would keep it from ending
    ...names
  ])
)
