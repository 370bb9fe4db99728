// npm test [-- name …]: runs the tests, or those whose file matches a name.

import { join } from 'node:path'
import { prepareAndRun, root, run } from './setup.mjs'

await prepareAndRun(() =>
  run(process.execPath, [
    '--experimental-vm-modules', // jest needs it for ES modules
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--forceExit', // clients that tests leave reconnecting to servers they stopped would keep it from ending
    ...process.argv.slice(2)
  ])
)
