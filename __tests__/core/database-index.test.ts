import { expect, test } from '@jest/globals'
import { configure, createHot } from '../../src/index.js'

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
