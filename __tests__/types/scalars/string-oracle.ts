import fc from 'fast-check'
import type { Hot, HotImmutableString, HotString } from '../../../src/index.js'
import { commandsOf, Refused, type OracleType } from '../../support/oracle.js'
import { singleValue, type NativeValue, type SingleValue } from './single-value.js'

type View<H extends HotString | HotImmutableString> = SingleValue<H>
type Native = NativeValue<string>

/** What changes its length in another case, or its case by what stands around it; what counts as white space. */
const tricky = [
  ...['ß', 'ŉ', 'ǰ', 'ﬁ', 'İ', 'ı', 'ΑΣ', 'ΑΣΑ', 'Σ', 'Ǆ', 'ǆ', 'ᾳ', 'Å', 'Ⅷ', 'ⓐ', '𐐀', '𐐨', 'Ⴀ', 'Ა'],
  ...['\ufeff', '\u00a0x\u2003', '\u180e', '\u200b', '\u2028\u2029', '\u0085', ' \t\n\v\f\r ', '\u0000'],
  ...['日本語', '😀', '👩‍👩‍👧', '🇩🇪', 'e\u0301', 'é', '\u{10ffff}', '\uffff', '\ufffd', '$&', '$1', '$$', '%1']
]
const lone = ['\ud83d', '\ude00', '\ud800', '\udc00\ud800', 'a\ud83d', '\ude00b']

const ascii = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', 'aba', ' ', 'Hello, World', '', '\u007f', '\u0000', '$&', '$1', '%1', '\r\n'),
  fc.string({ unit: 'binary-ascii', maxLength: 12 })
)
const unicode = fc.oneof(
  ascii,
  fc.constantFrom(...tricky),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...tricky, 'a', 'b', ' '), maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('😀', 'é', ...lone), maxLength: 6 })
)

const index = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 3, arbitrary: fc.integer({ min: -60, max: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER) }
)
const bound = fc.option(fc.oneof(index, fc.constantFrom(Infinity, -Infinity)), { nil: undefined })
const length = fc.oneof(fc.nat({ max: 80 }), fc.integer({ min: -5, max: 5 }))

const patterns = [/a/, /b+/g, /[aeiou]/i, /./su, /./gs, /./gsu, /\p{Lu}/gu, /(?<first>.)(.)/gs, /^/, /$/g, /(?:)/g]
const globals = patterns.filter(pattern => pattern.global)
const turned = (found: string, ...groups: unknown[]): string =>
  `<${found}${groups.filter(group => typeof group === 'number').join()}>`
const replacements = (text: fc.Arbitrary<string>) =>
  fc.oneof(text, fc.constantFrom('[$&]', '$`', "$'", '$2$1', '$<first>', '$$', turned))

/** As it is stored: lone surrogates become U+FFFD. */
function become(native: Native, text: string): void {
  native.value = text.toWellFormed()
}

function withUnit(text: string, index: number, unit: string): string {
  if (index >= text.length || index < -text.length) throw new Refused('IndexError')
  const at = index < 0 ? text.length + index : index
  return text.slice(0, at) + unit + text.slice(at + 1)
}

const isShort = ({ value }: Native) => value.length <= 200

/** What both kinds of strings can tell; nothing here changes them. */
function readers<H extends HotString | HotImmutableString>(text: fc.Arbitrary<string>) {
  const { call } = commandsOf<View<H>, Native>()
  /** Text that is there, as often as not. */
  const searched = fc.tuple(text, fc.boolean(), fc.nat({ max: 20 }), fc.integer({ min: 0, max: 3 }))
  const found = (whole: string, [other, isPart, start, length]: [string, boolean, number, number]) =>
    isPart ? whole.slice(start, start + length) : other

  return {
    value: call(
      [],
      ({ handle }) => handle.value,
      ({ value }) => value
    ),
    toJS: call(
      [],
      ({ handle }) => handle.toJS(),
      ({ value }) => value
    ),
    length: call(
      [],
      ({ handle }) => handle.length,
      ({ value }) => value.length
    ),
    '[i]': call(
      [index],
      ({ handle }, [at]) => handle[at],
      ({ value }, [at]) => value.at(at)
    ),
    at: call(
      [index],
      ({ handle }, [at]) => handle.at(at),
      ({ value }, [at]) => value.at(at)
    ),
    slice: call(
      [bound, bound],
      ({ handle }, [start, end]) => handle.slice(start, end),
      ({ value }, [start, end]) => value.slice(start, end)
    ),
    indexOf: call(
      [searched, index],
      ({ handle }, [search, from], { before }) => handle.indexOf(found(before.value, search), from),
      ({ value }, [search, from]) => value.indexOf(found(value, search), from)
    ),
    'indexOf(search)': call(
      [searched],
      ({ handle }, [search], { before }) => handle.indexOf(found(before.value, search)),
      ({ value }, [search]) => value.indexOf(found(value, search))
    ),
    includes: call(
      [searched, index],
      ({ handle }, [search, from], { before }) => handle.includes(found(before.value, search), from),
      ({ value }, [search, from]) => value.includes(found(value, search), from)
    ),
    startsWith: call(
      [searched, index],
      ({ handle }, [search, at], { before }) => handle.startsWith(found(before.value, search), at),
      ({ value }, [search, at]) => value.startsWith(found(value, search), at)
    ),
    'startsWith its beginning': call(
      [fc.nat({ max: 8 })],
      ({ handle }, [length], { before }) => handle.startsWith(before.value.slice(0, length)),
      () => true
    ),
    endsWith: call(
      [searched],
      ({ handle }, [search], { before }) => handle.endsWith(found(before.value, search)),
      ({ value }, [search]) => value.endsWith(found(value, search))
    ),
    'endsWith its end': call(
      [fc.nat({ max: 8 })],
      ({ handle }, [length], { before }) =>
        handle.endsWith(before.value.slice(Math.max(0, before.value.length - length))),
      () => true
    ),
    equals: call(
      [text, fc.constantFrom('plain', 'handle', 'immutable handle')],
      ({ handle }, [text, way], scene) => equals(handle, text, way, scene),
      ({ value }, [text]) => value === text.toWellFormed()
    ),
    'equals(itself)': call(
      [fc.constantFrom('plain', 'handle', 'immutable handle')],
      ({ handle }, [way], scene) => equals(handle, scene.before.value, way, scene),
      () => true
    )
  }
}

function equals(
  handle: HotString | HotImmutableString,
  text: string,
  way: string,
  { hot, newKey }: { readonly hot: Hot; readonly newKey: () => string }
): Promise<boolean> {
  if (way === 'plain') return handle.equals(text.toWellFormed())
  const make = way === 'handle' ? hot.string.bind(hot) : hot.immutableString.bind(hot)
  return handle.equals(make(newKey(), { initial: text }) as HotString)
}

/** What makes other text of a text, in the language and in the library. */
function changes(text: fc.Arbitrary<string>) {
  const replacement = replacements(text)
  const patternOrText = fc.oneof(fc.constantFrom(...patterns), text)
  const globalOrText = fc.oneof(fc.constantFrom(...globals), text)
  return {
    repeat: fc.tuple(fc.nat({ max: 3 })),
    replace: fc.tuple(patternOrText, replacement),
    replaceAll: fc.tuple(globalOrText, replacement),
    toUpperCase: fc.tuple(),
    toLowerCase: fc.tuple(),
    trim: fc.tuple(),
    trimStart: fc.tuple(),
    trimEnd: fc.tuple(),
    padStart: fc.tuple(length),
    padEnd: fc.tuple(length),
    'padStart(length, fill)': fc.tuple(length, text),
    'padEnd(length, fill)': fc.tuple(length, text)
  } satisfies Record<string, fc.Arbitrary<unknown[]>>
}

type Changers = Record<string, (...args: unknown[]) => Promise<unknown>>
type NativeChangers = Record<string, (...args: unknown[]) => string>

const methodOf = (name: string) => name.split('(')[0]!

/** The same call on the native text. */
const changed = (value: string, name: string, args: readonly unknown[]): string =>
  (value as unknown as NativeChangers)[methodOf(name)]!.call(value, ...args)

function stringOf(name: string, text: fc.Arbitrary<string>): OracleType<View<HotString>, Native> {
  const { call, assignment } = commandsOf<View<HotString>, Native>()
  const inPlace = Object.entries(changes(text)).map(([name, args]) => [
    name,
    call(
      [args as fc.Arbitrary<unknown[]>],
      ({ handle }, [args]) => (handle as unknown as Changers)[methodOf(name)]!(...args),
      (native, [args]) => become(native, changed(native.value, name, args)),
      isShort
    )
  ])
  return {
    name,
    handle: (hot, key) => singleValue(hot.string(key)),
    native: () => ({ value: '' }),
    items: ({ value }) => value,
    comparable: ([value]) => value,
    fromJS: js => js,
    commands: {
      ...readers<HotString>(text),
      ...(Object.fromEntries(inPlace) as Record<string, ReturnType<typeof call>>),
      'value =': assignment(
        [text],
        ({ handle }, [text]) => void (handle.value = text),
        (native, [text]) => become(native, text)
      ),
      '[i] =': assignment(
        [index, text],
        ({ handle }, [at, unit]) => void (handle[at] = unit),
        (native, [at, unit]) => become(native, withUnit(native.value, at, unit))
      ),
      set: call(
        [index, text],
        ({ handle }, [at, unit]) => handle.set(at, unit),
        (native, [at, unit]) => become(native, withUnit(native.value, at, unit))
      ),
      append: call(
        [text],
        ({ handle }, [text]) => handle.append(text),
        (native, [text]) => become(native, native.value + text),
        isShort
      ),
      prepend: call(
        [text],
        ({ handle }, [text]) => handle.prepend(text),
        (native, [text]) => become(native, text + native.value),
        isShort
      ),
      splice: call(
        [index, fc.oneof(fc.integer({ min: -2, max: 8 }), fc.constant(Infinity)), text],
        ({ handle }, [start, deleteCount, text]) => handle.splice(start, deleteCount, text),
        (native, [start, deleteCount, text]) => become(native, spliced(native.value, start, deleteCount, text)),
        isShort
      ),
      'splice(start)': call(
        [index],
        ({ handle }, [start]) => handle.splice(start),
        (native, [start]) => become(native, spliced(native.value, start, Infinity, ''))
      ),
      'replace(text)': call(
        [text],
        ({ handle }, [text]) => handle.replace(text),
        (native, [text]) => become(native, text)
      ),
      clear: call(
        [],
        ({ handle }) => handle.clear(),
        native => become(native, '')
      )
    }
  }
}

/** What Array's splice does to the code units. */
function spliced(value: string, start: number, deleteCount: number, text: string): string {
  const units = value.split('')
  units.splice(start, deleteCount, text)
  return units.join('')
}

function immutableStringOf(name: string, text: fc.Arbitrary<string>): OracleType<View<HotImmutableString>, Native> {
  const { call } = commandsOf<View<HotImmutableString>, Native>()
  const made = Object.entries(changes(text)).map(([name, args]) => [
    name,
    call(
      [args as fc.Arbitrary<unknown[]>],
      ({ handle }, [args]) => valueOfNew(handle, (handle as unknown as Changers)[methodOf(name)]!(...args)),
      ({ value }, [args]) => changed(value, name, args).toWellFormed()
    )
  ])
  return {
    name,
    handle: (hot, key) => singleValue(hot.immutableString(key)),
    native: () => ({ value: '' }),
    items: ({ value }) => value,
    comparable: ([value]) => value,
    fromJS: js => js,
    commands: {
      ...readers<HotImmutableString>(text),
      ...(Object.fromEntries(made) as Record<string, ReturnType<typeof call>>),
      initial: call(
        [text],
        ({ handle }, [text], { hot }) => {
          hot.immutableString(handle.key, { initial: text })
        },
        (native, [text]) => become(native, text)
      ),
      concat: call(
        [fc.array(text, { maxLength: 3 })],
        ({ handle }, [texts]) => valueOfNew(handle, handle.concat(...texts)),
        ({ value }, [texts]) => value.concat(...texts).toWellFormed()
      )
    }
  }
}

/** Another handle is promised, for another key; what it made is cleared away again. */
async function valueOfNew(handle: HotImmutableString, promise: Promise<unknown>): Promise<string> {
  const made = (await promise) as HotImmutableString
  if (made.key === handle.key) throw new TypeError('a new key is promised')
  const value = await made.value
  await made.clear()
  return value
}

export const strings = [stringOf('String of ASCII text', ascii), stringOf('String of any Unicode text', unicode)]

export const immutableStrings = [
  immutableStringOf('ImmutableString of ASCII text', ascii),
  immutableStringOf('ImmutableString of any Unicode text', unicode)
]
