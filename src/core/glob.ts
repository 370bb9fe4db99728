/** Patterns as KEYS and SCAN take them: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and a backslash before any of these. */

/** A pattern that matches the text only. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, '\\$&')
}

/** Whether texts match a pattern: by bytes, as in Redis. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const expression = new RegExp(`^${translated(bytesOf(pattern))}$`, 's')
  return text => expression.test(bytesOf(text))
}

/** A character for each byte of UTF-8. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** A class, of which the end may be missing; a character behind a backslash; any other. */
const parts = /\[(\^?)((?:\\.|[^\]])*)(?:\]|$)|\\?(.)/gs

function translated(glob: string): string {
  return glob.replaceAll(parts, (part, negated: string, members: string | undefined, char: string) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (members === undefined) return quoted(char)
    // An empty class matches nothing; negated, anything.
    return members === '' ? (negated ? '.' : '(?!)') : `[${negated}${classOf(members)}]`
  })
}

function classOf(members: string): string {
  return members.replaceAll(/(\\?.)-(\\?.)|\\?(.)/gs, (_, from?: string, to?: string, one?: string) => {
    if (from === undefined || to === undefined) return quoted(one as string)
    // Redis takes the ends of a range in either order.
    const [low, high] = [from.at(-1) as string, to.at(-1) as string].sort()
    return `${quoted(low as string)}-${quoted(high as string)}`
  })
}

function quoted(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}
