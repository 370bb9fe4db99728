import type { JsonValue } from '../../../src/index.js'
import { dictOf, type AnyDict } from './dict-commands.js'
import { describeOracle } from '../../support/describe-oracle.js'

function defaultDictOf(name: string, missing: JsonValue) {
  return dictOf(name, {
    missing,
    handle: (hot, key) => hot.defaultDict(() => missing, key) as AnyDict
  })
}

describeOracle(defaultDictOf('DefaultDict of a number', 0.5))
describeOracle(defaultDictOf('DefaultDict of an array', ['42', { é: null }]))
