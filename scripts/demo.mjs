// npm run demo: runs examples/demo.ts.

import { prepareAndRun, runTypeScript } from './setup.mjs'

await prepareAndRun(() => runTypeScript('examples/demo.ts', process.argv.slice(2)))
