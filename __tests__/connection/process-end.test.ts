import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHot, type Hot } from '../../src/index.js'
import { runScript } from '../support/scripts.js'
import { startServer, type Server } from '../support/servers.js'
import { TcpProxy } from '../support/tcp-proxy.js'

let server: Server
let hot: Hot
beforeAll(async () => {
  server = await startServer()
  hot = createHot({ url: server.url })
})
afterAll(async () => {
  await hot.close()
  await server.stop()
})

/** Runs a script of ending.ts on keys of its own. */
const run = (name: string, url = server.url, prefix = `${name}:`) => runScript('ending.ts', name, url, prefix)
const many = Array.from({ length: 10_000 }, (_, index) => index)

describe('A script that ends, ends', () => {
  test('when its Hot was never used', async () => {
    expect(await run('unused')).toEqual({ code: 0, output: '', errorOutput: '' })
  })

  test('when its Hot is idle', async () => {
    expect(await run('idle')).toEqual({ code: 0, output: '1\n', errorOutput: '' })
  })

  test('when it has closed its Hot', async () => {
    expect(await run('closes')).toEqual({ code: 0, output: 'closed\n', errorOutput: '' })
  })

  test('when it left a loop in the middle', async () => {
    expect(await run('leavesLoop')).toEqual({ code: 0, output: 'left\n', errorOutput: '' })
  })

  test('when Redis is down, after the error', async () => {
    const down = await startServer()
    await down.stop()
    expect(await run('down', down.url)).toEqual({ code: 0, output: 'ConnectionError\n', errorOutput: '' })
  })

  test('when its idle connection was dropped', async () => {
    const proxy = await TcpProxy.to(server.port)
    let pushes = 0
    proxy.onReply = () => (++pushes, 'pass')
    const cutting = setInterval(() => {
      if (pushes > 1) proxy.cut()
    }, 20)
    const { code, errorOutput } = await run('later', proxy.url, 'dropped:')
    clearInterval(cutting)
    await proxy.stop()
    // Whether its last calls were cut as well is a matter of luck; that it ends is not.
    expect(typeof code).toBe('number')
    expect(code === 0 ? '' : errorOutput).toMatch(code === 0 ? '' : /outcome: 'unknown'/)
  })
})

describe('Nothing is lost when a script ends without waiting', () => {
  test('10,000 pushes', async () => {
    expect(await run('pushes')).toEqual({ code: 0, output: '', errorOutput: '' })
    expect(await hot.list('pushes:list').toJS()).toEqual(many)
  })

  test('10,000 assignments', async () => {
    expect(await run('assignments')).toEqual({ code: 0, output: '', errorOutput: '' })
    expect(await hot.dict('assignments:dict').size).toBe(10_000)
  })

  test('10,000 calls of a script', async () => {
    expect(await run('scripts')).toEqual({ code: 0, output: '', errorOutput: '' })
    expect(await hot.list('scripts:list').toJS()).toEqual(many)
  })

  test('one call of 30,000 values', async () => {
    expect(await run('big')).toEqual({ code: 0, output: '', errorOutput: '' })
    expect(await hot.list('big:list').length).toBe(30_000)
  })

  test('10,000 reads that insert a default, each in two steps', async () => {
    expect(await run('defaults')).toEqual({ code: 0, output: '', errorOutput: '' })
    expect(await hot.dict('defaults:dict').size).toBe(10_000)
  })

  test('what is done after a time of doing nothing', async () => {
    expect(await run('later')).toEqual({ code: 0, output: '', errorOutput: '' })
    expect(await hot.list('later:list').toJS()).toEqual([0, 1])
  })
})

describe('Failures at the end of a script', () => {
  const blocked = async (name: string) => {
    await hot.list<number>(`${name}:dict`).push(1)
    return run(name)
  }

  test('an assignment that fails is told on stderr, with key and cause, and is no crash', async () => {
    const { code, errorOutput } = await blocked('failingAssignment')
    expect(code).toBe(0)
    expect(errorOutput).toMatch(/Warning/)
    expect(errorOutput).toContain("key 'failingAssignment:dict'")
    expect(errorOutput).toContain('holds a list, not a hash')
  })

  test('an awaited last call that fails gives its error before the process ends', async () => {
    expect(await blocked('failingCall')).toEqual({ code: 0, output: 'KeyTypeError\n', errorOutput: '' })
  })

  test('nobody catching it, the process ends as with any error, and shows it', async () => {
    const { code, errorOutput } = await blocked('unhandled')
    expect(code).toBe(1)
    expect(errorOutput).toContain("key 'unhandled:dict' holds a list, not a hash")
  })
})
