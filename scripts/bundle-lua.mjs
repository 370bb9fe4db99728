// Turns every src/**/NAME.lua into an exported Script of src/scripts.generated.ts.
//
// A line `-- @include NAME` is replaced by src/**/NAME.include.lua, once per script. A line `-- @keys A B …` declares the
// script's keys, for Lua and TypeScript alike: it becomes `local A, B, … = unpack(KEYS)` and an exported array of the
// names, called after the file that holds it. A line `-- @bounded` says that the script's cost has a
// bound, `-- @slow` that it may take seconds. Whole-line
// comments, indentation and blank lines are left out, so that EVAL is short on the wire. Only whole lines are judged: that
// is safe because a Lua string cannot span lines without `[[` or a backslash at the end of the line, and both are refused.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Bundles the scripts of the package at `packageRoot`; the file is written only if it changes. */
export function bundleLua(/** @type {string} */ packageRoot) {
  const source = join(packageRoot, 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.lua'))
    .map(file => join(source, file))
    .sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
  const includes = new Map(
    files.filter(file => file.endsWith('.include.lua')).map(file => [basename(file, '.include.lua'), file])
  )
  const bundler = new Bundler(packageRoot, includes)
  const scripts = files.filter(file => !file.endsWith('.include.lua')).map(file => bundler.exportOf(file))
  const body =
    scripts.length === 0 ? 'export {}\n' : `import type { Script } from './core/command.js'\n\n${scripts.join('\n')}`
  const keys = [...bundler.keys].map(
    ([name, roles]) => `export const ${identifier(name)} = ${JSON.stringify(roles)} as const\n`
  )
  const text = `// Made from the .lua files by scripts/bundle-lua.mjs. Do not edit.\n${body}${keys.length > 0 ? '\n' : ''}${keys.join('')}`

  const target = join(source, 'scripts.generated.ts')
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
}

class Bundler {
  /** @type {Map<string, readonly string[]>} The declared keys, by the name of the file that declares them. */
  keys = new Map()

  /**
   * @param {string} packageRoot
   * @param {ReadonlyMap<string, string>} includes the files that can be included, by name
   */
  constructor(packageRoot, includes) {
    this.packageRoot = packageRoot
    this.includes = includes
  }

  /** @param {string} file the file of a script */
  exportOf(file) {
    const name = basename(file, '.lua')
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new Error(`${this.where(file)}: the name must be kebab-case`)
    const source = this.linesOf(file, new Set()).join('\n')
    const sha1 = createHash('sha1').update(source).digest('hex')
    const says = (/** @type {string} */ word) => new RegExp(`^-- @${word}$`, 'm').test(readFileSync(file, 'utf8'))
    return `export const ${identifier(name)}: Script = {
  name: '${name}',
  source: ${JSON.stringify(source)},
  sha1: '${sha1}',
  bounded: ${says('bounded')},
  slow: ${says('slow')}
}
`
  }

  /**
   * The lines of a file that count, with what it includes.
   * @param {string} file
   * @param {Set<string>} included
   * @returns {string[]}
   */
  linesOf(file, included) {
    return readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .flatMap((text, index) => {
        const line = text.trim()
        const where = `${this.where(file)}:${index + 1}`
        if (/^--\s*@include\b/.test(line)) return this.include(line, where, included)
        if (/^--\s*@keys\b/.test(line)) return [this.declare(line, where, file)]
        if (line.startsWith('--[')) refuseLongBracket(line, where)
        if (line === '' || line.startsWith('--')) return []
        refuseLongBracket(line, where)
        if (line.endsWith('\\')) throw new Error(`${where}: a string that goes on in the next line is not supported`)
        return [line]
      })
  }

  /** @param {string} line @param {string} where @param {Set<string>} included */
  include(line, where, included) {
    const name = /^--\s*@include\s+([\w-]+)$/.exec(line)?.[1]
    if (name === undefined) throw new Error(`${where}: expected "-- @include NAME", not "${line}"`)
    if (included.has(name)) return []
    included.add(name)
    const file = this.includes.get(name)
    if (file === undefined) throw new Error(`${where}: there is no ${name}.include.lua to include`)
    return this.linesOf(file, included)
  }

  /** @param {string} line @param {string} where @param {string} file */
  declare(line, where, file) {
    const roles = /^--\s*@keys((?:\s+[a-z_]+)+)$/.exec(line)?.[1]?.trim().split(/\s+/)
    if (roles === undefined) throw new Error(`${where}: expected "-- @keys NAME NAME …", not "${line}"`)
    this.keys.set(keysName(file), roles)
    return `local ${roles.join(', ')} = unpack(KEYS)`
  }

  /** @param {string} file */
  where(file) {
    return relative(this.packageRoot, file)
  }
}

/** What the keys that a file declares are exported as. @param {string} file */
function keysName(file) {
  const name = basename(file).replace(/(\.include)?\.lua$/, '')
  return name.endsWith('-keys') ? name : `${name}-keys`
}

/** @param {string} name in kebab-case */
function identifier(name) {
  return name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())
}

/** @param {string} line @param {string} where */
function refuseLongBracket(line, where) {
  if (/\[=*\[/.test(line)) {
    throw new Error(`${where}: "[[" opens a string or comment of several lines; use quotes and "--" lines instead`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) bundleLua(dirname(import.meta.dirname))
