// Turns src/lua/*.lua into src/lua/index.generated.ts, one exported Script per file.
//
// A line `-- @include NAME` is replaced by src/lua/include/NAME.lua, once per script. Whole-line comments, indentation
// and blank lines are left out, so that EVAL is short on the wire. Only whole lines are judged: that is safe because a
// Lua string cannot span lines without `[[` or a backslash at the end of the line, and both are refused.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './setup.mjs'

/** Bundles the scripts of the package at `packageRoot`; the file is written only if it changes. */
export function bundleLua(packageRoot = root) {
  const folder = join(packageRoot, 'src', 'lua')
  mkdirSync(folder, { recursive: true })
  const files = readdirSync(folder)
    .filter(file => file.endsWith('.lua'))
    .sort()
  const exported = files.map(file => exportOf(basename(file, '.lua'), bundle(packageRoot, join(folder, file))))
  const body =
    exported.length === 0 ? 'export {}\n' : `import type { Script } from '../command.js'\n\n${exported.join('\n')}`
  const text = `// Made from the .lua files beside it by scripts/bundle-lua.mjs. Do not edit.\n${body}`

  const target = join(folder, 'index.generated.ts')
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
}

/** @param {string} name @param {string} source */
function exportOf(name, source) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new Error(`src/lua/${name}.lua: the name must be kebab-case`)
  const identifier = name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())
  const sha1 = createHash('sha1').update(source).digest('hex')
  return `export const ${identifier}: Script = {
  name: '${name}',
  source: ${JSON.stringify(source)},
  sha1: '${sha1}',
}
`
}

/** @param {string} packageRoot @param {string} script the file of a script */
function bundle(packageRoot, script) {
  const included = new Set()

  /** @param {string} file @returns {string[]} */
  const linesOf = file =>
    readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .flatMap((text, index) => {
        const line = text.trim()
        const where = `${relative(packageRoot, file)}:${index + 1}`
        if (/^--\s*@include\b/.test(line)) return include(line, where)
        if (line.startsWith('--[')) refuseLongBracket(line, where)
        if (line === '' || line.startsWith('--')) return []
        refuseLongBracket(line, where)
        if (line.endsWith('\\')) throw new Error(`${where}: a string that goes on in the next line is not supported`)
        return [line]
      })

  /** @param {string} line @param {string} where */
  const include = (line, where) => {
    const name = /^--\s*@include\s+([\w-]+)$/.exec(line)?.[1]
    if (name === undefined) throw new Error(`${where}: expected "-- @include NAME", not "${line}"`)
    if (included.has(name)) return []
    included.add(name)
    const file = join(packageRoot, 'src', 'lua', 'include', `${name}.lua`)
    if (!existsSync(file)) throw new Error(`${where}: there is no ${relative(packageRoot, file)} to include`)
    return linesOf(file)
  }

  return linesOf(script).join('\n')
}

/** @param {string} line @param {string} where */
function refuseLongBracket(line, where) {
  if (/\[=*\[/.test(line)) {
    throw new Error(`${where}: "[[" opens a string or comment of several lines; use quotes and "--" lines instead`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) bundleLua()
