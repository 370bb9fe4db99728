import { expect, test } from '@jest/globals'
import { ConnectionError, configure, createHot } from '../../src/index.js'
import { failureOf } from '../support/promises.js'

test.each(['abc', '1x', '-1', '1.5', '0/1', '%31'])('a database index of %j in the url is refused at once', index => {
  for (const [name, call] of [
    ['createHot', () => createHot({ url: `redis://host:6379/${index}` })],
    ['configure', () => configure({ url: `rediss://user:password@host/${index}` })]
  ] as const) {
    expect(call).toThrow(TypeError)
    expect(call).toThrow(new RegExp(`^${name}: url.*database.*'${index}'`))
    expect(call).not.toThrow(/password@/)
  }
})

test.each(['', '/', '/0', '/15'])('redis://host:6379%s is taken', path => {
  expect(() => createHot({ url: `redis://host:6379${path}` })).not.toThrow()
})

test('a database that the server does not have is told at once, with what to give', async () => {
  const hot = createHot({ url: `${process.env['HOT_TEST_URL']!}/99` })
  const error = await failureOf(hot.list('k').length)
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error).toMatchObject({ outcome: 'not-sent' })
  expect(String(error)).toMatch(/refuses us \(ERR DB index is out of range\).*database/)
  await hot.close()
})
