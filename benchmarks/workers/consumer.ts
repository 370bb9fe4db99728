// Takes, handles and acknowledges the jobs of one library's queue, so many at a time.

import { libraries, type Library } from '../support/job-queues.js'
import { serve } from '../support/workers.js'

const [library, url = '', concurrency = ''] = process.argv.slice(2) as [Library, string?, string?]
const consumed = await libraries[library].consumer(url, Number(concurrency))

serve({ consumed: (count: number) => consumed(count) })
