/**
 * Tools look at any object in the ways that user code does: an equality check reads `Object.keys`, as a spread does. What
 * tells them apart is who asks, and that is on the call stack.
 */

/** Packages that compare, print and mock whatever they are given, and the modules of Node.js that do. */
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
 * Whether it was such a tool that called a trap. Takes some microseconds: it is asked only where anybody else gets an error.
 *
 * @param depth - how many calls of our own there are, that of the trap the first
 */
export function askedByTool(depth = 1): boolean {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  const holder: { stack?: readonly NodeJS.CallSite[] } = {}
  const { stackTraceLimit } = Error
  try {
    // The trap, at most two functions of JavaScript's own, and who called them.
    Error.stackTraceLimit = depth + 3
    Error.prepareStackTrace = (_, sites) => sites
    Error.captureStackTrace(holder, askedByTool)
    // JavaScript's own functions, such as Object.keys, have no file.
    const files = holder.stack?.slice(depth).map(site => site.getFileName() ?? '<anonymous>')
    const file = files?.find(file => file !== '<anonymous>')
    return file !== undefined && tool.test(file.replaceAll('\\', '/'))
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (before) Object.defineProperty(Error, 'prepareStackTrace', before)
    else Reflect.deleteProperty(Error, 'prepareStackTrace')
  }
}
