import { configure, hot } from '../../src/index.js'

// The shared default `hot` exists once in a process: each scenario needs a process of its own.

const [scenario, url, key] = process.argv.slice(2) as [string, string, string]

function thrownBy(action: () => unknown): { name: string; message: string } | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    const { name, message } = error as Error
    return { name, message }
  }
}

/** What the default hot does now, seen by what it stores. */
async function store(): Promise<void> {
  await hot.list<string>(key).push('stored')
  await hot.close()
}

const scenarios: Record<string, () => Promise<unknown>> = {
  'configure before': async () => {
    configure({ url, prefix: 'configured:' })
    await store()
    return undefined
  },
  'configure after a handle was made': async () => {
    process.env['REDIS_URL'] = url
    const list = hot.list<string>(key)
    const thrown = thrownBy(() => configure({ url, prefix: 'late:' }))
    await list.push('stored')
    await hot.close()
    return thrown
  },
  'configure after a call': async () => {
    process.env['REDIS_URL'] = url
    await hot.list(key).exists()
    const thrown = thrownBy(() => configure({ url, prefix: 'late:' }))
    await store()
    return thrown
  },
  'configure badly': async () => {
    process.env['REDIS_URL'] = url
    const thrown = thrownBy(() => configure({ url: 'nonsense', prefix: 'bad:' }))
    await store()
    return thrown
  },
  REDIS_URL: async () => {
    process.env['REDIS_URL'] = url
    await store()
    return undefined
  }
}

const result = await scenarios[scenario]?.()
process.send?.({ thrown: result ?? null })
