// What a queue costs: beside the bare commands (node-redis 4), and beside two job queues, BullMQ and bee-queue.

import { createHot } from 'hot-redis'
import { createClient } from 'redis'
import type { Library } from './support/job-queues.js'
import { measure, oneByOne, print, withServer, type Measurement, type Pair } from './support/pairs.js'
import { between, compare, inTurns, median, microseconds, printTable } from './support/figures.js'
import { record } from './support/results.js'
import { BenchmarkWorker, withWorkers } from './support/workers.js'

await withServer(async ({ url }) => {
  await calls(url)
  await handOver(url)
})

for (const way of [
  { title: 'One job at a time: each put is awaited, one consumer', count: 1_000, batch: false, atOnce: 1 },
  { title: 'Ten at a time: ten puts in flight, ten consumers', count: 2_000, batch: false, atOnce: 10 },
  { title: 'In bulk: 100 put at once, ten consumers', count: 3_000, batch: true, atOnce: 10 }
]) {
  await withServer(({ url }) => throughput(url, way))
}

/**
 * Calls that don't wait, by themselves: there is an item to be taken, and nobody in line. A lease is what BullMQ calls a
 * lock; by hand it is the reliable queue of the Redis documentation, LMOVE to a second list and LREM when done.
 */
async function calls(url: string): Promise<void> {
  const client = createClient({ url }).on('error', () => undefined)
  await client.connect()
  const send = (...args: string[]): Promise<unknown> => client.sendCommand(args)

  const hot = createHot({ url })
  const jobs = hot.queue<string>('jobs')
  const leased = hot.queue<string>('leased')
  const consumer = leased.consume()[Symbol.asyncIterator]()
  const texts = Array.from({ length: 50_000 }, () => 'x')
  await Promise.all([jobs.replace(texts), leased.replace(texts)])
  await hot.list('list').extend(texts)
  await hot.list('waiting').extend(texts)

  const pairs: readonly Pair[] = [
    {
      name: "await jobs.put('x')  /  RPUSH",
      times: 50,
      hot: oneByOne(() => jobs.put('x')),
      raw: oneByOne(() => send('RPUSH', 'list', 'x'))
    },
    {
      name: 'await jobs.get()  /  LPOP',
      times: 50,
      hot: oneByOne(() => jobs.get()),
      raw: oneByOne(() => send('LPOP', 'list'))
    },
    {
      name: 'await jobs.getNowait()  /  LPOP',
      times: 50,
      hot: oneByOne(() => jobs.getNowait()),
      raw: oneByOne(() => send('LPOP', 'list'))
    },
    {
      name: 'the next of jobs.consume()  /  LREM, LMOVE',
      times: 50,
      hot: oneByOne(() => consumer.next()),
      raw: oneByOne(async () => {
        await send('LREM', 'working', '1', 'x')
        await send('LMOVE', 'waiting', 'working', 'LEFT', 'RIGHT')
      })
    },
    {
      name: '100 × jobs.put in Promise.all  /  100 × RPUSH',
      times: 5,
      hot: oneByOne(() => Promise.all(Array.from({ length: 100 }, () => jobs.put('x')))),
      raw: oneByOne(() => Promise.all(Array.from({ length: 100 }, () => send('RPUSH', 'list', 'x'))))
    },
    {
      name: '100 × jobs.get in Promise.all  /  100 × LPOP',
      times: 5,
      hot: oneByOne(() => Promise.all(Array.from({ length: 100 }, () => jobs.get()))),
      raw: oneByOne(() => Promise.all(Array.from({ length: 100 }, () => send('LPOP', 'list'))))
    }
  ]
  const measurements: Measurement[] = []
  for (const pair of pairs) measurements.push(await measure(pair))
  print('Queue calls that do not wait', measurements)

  await consumer.return?.()
  await Promise.all([jobs.clear(), leased.clear()])
  await hot.close()
  await client.disconnect()
}

/**
 * From a put in one process to the get that waits for it in another, and back. The clock is that of the one that begins, so
 * it times two hand-overs. Both sides wait before anything is put: an unmeasured round trip after the get sees to that, and
 * keeps hot-redis from sending both as one batch. BLPOP has a connection of its own on both sides, for it blocks it.
 */
async function handOver(url: string): Promise<void> {
  const hot = createHot({ url })
  const ping = hot.queue<string>('hot:ping')
  const pong = hot.queue<string>('hot:pong')
  const client = createClient({ url }).on('error', () => undefined)
  const blocking = client.duplicate().on('error', () => undefined)
  await Promise.all([client.connect(), blocking.connect()])

  const withHot = async (): Promise<number> => {
    const back = pong.get()
    await ping.size
    const start = performance.now()
    void ping.put('x')
    await back
    return performance.now() - start
  }
  const withCommands = async (): Promise<number> => {
    const back = blocking.blPop('raw:pong', 0)
    await client.lLen('raw:ping')
    const start = performance.now()
    void client.rPush('raw:ping', 'x')
    await back
    return performance.now() - start
  }

  await withWorkers([() => BenchmarkWorker.start('queue-echo.ts', url)], async () => {
    const [ours, theirs] = await inTurns(40, [() => medianOf(200, withHot), () => medianOf(200, withCommands)])
    const { ratio, low, high, ...both } = compare('put → get', ours!, theirs!)
    const cells = [both.ours, both.theirs].map(milliseconds => microseconds((milliseconds * 1000) / 2))
    printTable(
      'Hand-over to a waiting process (median)',
      ['', 'hot-redis', 'raw', 'ratio', 'middle half'],
      [['put to a waiting get  /  RPUSH to a waiting BLPOP', ...cells, ratio.toFixed(2), between(low, high)]]
    )
    const figure = { row: 'put to a waiting get', side: 'hot-redis', value: 1 / ratio, low: 1 / high, high: 1 / low }
    record({ title: 'Hand-over of an item to a waiting process', baseline: 'RPUSH to BLPOP', figures: [figure] })
  })
  await hot.close()
  await Promise.all([client.disconnect(), blocking.disconnect()])
}

interface Way {
  readonly title: string
  /** Jobs in one round. */
  readonly count: number
  /** Whether 100 are put at once, in the way each library has for that. */
  readonly batch: boolean
  /** So many puts are in flight, if not in bulk; so many jobs are in work. */
  readonly atOnce: number
}

/**
 * From the first put to the last acknowledgement: jobs are put by one process and handled by another at the same time, in
 * processes that live through all rounds. The libraries take turns, and while one works the others' workers wait idly.
 */
async function throughput(url: string, { title, count, batch, atOnce }: Way): Promise<void> {
  const names: readonly Library[] = ['hot-redis', 'BullMQ', 'bee-queue']
  const starts = names.flatMap(name => [
    () => BenchmarkWorker.start('producer.ts', name, url),
    () => BenchmarkWorker.start('consumer.ts', name, url, String(atOnce))
  ])
  await withWorkers(starts, async (...workers) => {
    const rates = await inTurns(
      9,
      names.map((_, index) => async () => {
        const [producer, consumer] = [workers[2 * index]!, workers[2 * index + 1]!]
        const start = performance.now()
        const consumed = consumer.ask('consumed', count)
        await (batch ? producer.ask('putBatches', count, 100) : producer.ask('put', count, atOnce))
        await consumed
        return count / ((performance.now() - start) / 1000)
      })
    )
    const rows = names.map((name, index) => {
      const [ours, theirs] = [rates[0]!, rates[index]!]
      const { ratio, low, high } = compare(name, ours, theirs)
      const others = index === 0 ? ['', ''] : [ratio.toFixed(2), between(low, high)]
      return [name, Math.round(median(theirs)).toLocaleString('en'), ...others]
    })
    printTable(title, ['', 'jobs a second', 'hot-redis / this', 'middle half'], rows)
    const figures = names.map((side, index) => ({ row: 'jobs', side, value: median(rates[index]!) }))
    record({ title, unit: 'jobs a second', figures })
  })
}

async function medianOf(times: number, once: () => Promise<number>): Promise<number> {
  const figures: number[] = []
  for (let done = 0; done < times; done++) figures.push(await once())
  return median(figures)
}
