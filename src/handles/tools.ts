/**
 * Tools inspect objects by the same operations as user code: an equality check calls `Object.keys`, as a spread does. The
 * call stack tells them apart.
 */

/** Packages that compare, print and mock any object, and the modules of Node.js that do. */
const packages = [
  '@jest',
  'jest(?:-[^/]+)?',
  'expect(?:-utils)?',
  'pretty-format',
  '@vitest',
  'vitest',
  'chai(?:-[^/]+)?',
  'deep-eql',
  'loupe',
  '@?sinon(?:js)?',
  'ava',
  'concordance',
  'tap',
  '@tapjs',
  'tcompare',
  'uvu',
  'dequal',
  'fast-deep-equal',
  'fast-equals',
  'lodash(?:-es|\\.isequal(?:with)?)?/_?(?:base)?isEqual[^/]*'
]
const tool = new RegExp(
  `^node:(?:assert|test|internal/(?:assert|test_runner|url|util/(?:comparisons|inspect))\\b)|/node_modules/(?:${packages.join('|')})/`
)

/**
 * Whether such a tool called the trap. Takes some microseconds, so it is called only where all other callers get an error.
 *
 * @param depth - the number of own calls on the stack, the trap being the first
 */
export function askedByTool(depth = 1): boolean {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  const holder: { stack?: readonly NodeJS.CallSite[] } = {}
  const { stackTraceLimit } = Error
  try {
    // The trap, at most two built-in functions, and their caller.
    Error.stackTraceLimit = depth + 3
    Error.prepareStackTrace = (_, sites) => sites
    Error.captureStackTrace(holder, askedByTool)
    // Built-in functions, such as Object.keys, have no file.
    const files = holder.stack?.slice(depth).map(site => site.getFileName() ?? '<anonymous>')
    const file = files?.find(file => file !== '<anonymous>')
    return file !== undefined && tool.test(file.replaceAll('\\', '/'))
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (before) Object.defineProperty(Error, 'prepareStackTrace', before)
    else Reflect.deleteProperty(Error, 'prepareStackTrace')
  }
}
