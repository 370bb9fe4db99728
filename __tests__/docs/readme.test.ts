import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import ts from 'typescript'
import { Monitor } from '../../examples/demo/monitor.js'
import { startServer } from '../support/servers.js'

// The README and docs/**/*.md: every ```ts block compiles; every ```ts run block also runs, and prints, returns and sends what
// its comments say; every relative link leads to a file, and to a heading if it names one.

const root = join(import.meta.dirname, '../..')

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const pages = readdirSync(join(root, 'docs'), { recursive: true })
  .map(file => normalize(join('docs', String(file))).replaceAll('\\', '/'))
  .filter(file => file.endsWith('.md') && !file.startsWith('docs/api/'))
const files = ['README.md', ...pages]

interface Block {
  /** Where it begins: `README.md:12`. */
  readonly place: string
  readonly code: string
  readonly runs: boolean
}

function blocksOf(file: string): Block[] {
  const text = read(file)
  return Array.from(text.matchAll(/^((?:> )?)```ts( run)?\n(.*?)^\1```$/gms), match => ({
    place: `${file}:${text.slice(0, match.index).split('\n').length}`,
    code: (match[3] ?? '').replaceAll(/^> ?/gm, ''),
    runs: match[2] !== undefined
  }))
}

const blocks = files.flatMap(blocksOf)

/** Declarations for a block without imports. */
const prelude = `import { createHot } from 'hot-redis'
const hot = createHot()
const todo = hot.list<string>('todo')
const user = hot.dict<{ name: string; nick: string; visits: number; admin: boolean; tags: string[] }>('user:1')
void [hot, todo, user]
`

const complete = (code: string): string =>
  code.includes('import ') ? code : `${prelude}export {}\n{\n${code.trimEnd()}\n}\n`

/** Type-checks all blocks at once, as files in the package's folder that exist in memory only. */
function errorsIn(blocks: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), file => ts.sys.readFile(file)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root)
  const files = new Map(blocks.map((block, index) => [join(root, `block-${index}.ts`), block]))
  const disk = ts.createCompilerHost(options)
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: name => files.has(name) || disk.fileExists(name),
    readFile: name => files.get(name)?.code ?? disk.readFile(name),
    getSourceFile: (name, version) => {
      const block = files.get(name)
      return block ? ts.createSourceFile(name, complete(block.code), version) : disk.getSourceFile(name, version)
    }
  }
  const unused = { noUnusedLocals: false, noUnusedParameters: false }
  const program = ts.createProgram([...files.keys()], { ...options, ...unused }, host)
  return [...files].flatMap(([name, { place }]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  )
}

/** A comment is `result`, or `result   COMMAND · COMMAND` with at least two spaces between; either may be missing. */
function commentOf(line: string): { code: string; result: string; commands: readonly string[] } {
  const [, code = line, comment = ''] = /^(.*?\S) *\/\/( .*)$/.exec(line) ?? []
  const [result = '', commands] = comment.slice(1).split(/\s{2,}(?=\S)|^\s+/)
  return { code, result, commands: commands?.split(' · ') ?? [] }
}

/** `await list[0] // 'a'` becomes a check of the result. */
function checked(code: string): string {
  const lines = code.split('\n').map(line => {
    const { code, result } = commentOf(line)
    const [, indent = '', expression] = /^( *)await (?!using )((?!.*console\.log).+)$/.exec(code) ?? []
    if (expression === undefined || result === '') return line
    return `${indent}check(await (${expression}), ${JSON.stringify(result)})`
  })
  return `import { inspect as inspected } from 'node:util'
import { strictEqual as same } from 'node:assert'
function check(value: unknown, comment: string) {
  same(inspected(value), comment)
}
${lines.join('\n')}`
}

/** What console.log must print, by its comment: `console.log(item) // read, cook` means two lines. */
const printed = (code: string): string[] =>
  code
    .split('\n')
    .map(commentOf)
    .filter(({ code, result }) => code.includes('console.log(') && result !== '')
    .flatMap(({ result }) => result.split(', '))

const commandsOf = (code: string): string[] => code.split('\n').flatMap(line => commentOf(line).commands)

/** What Redis received, as the comments write it: without MULTI and EXEC, a script once even if it had to be sent twice. */
const asWritten = (received: readonly string[]): string[] =>
  received
    .filter(command => command !== 'MULTI' && command !== 'EXEC')
    .map(command => command.replace(/^EVAL(?:SHA)? /, '').trimEnd())
    .filter((command, index, all) => command !== all[index - 1])

/** Runs a block as a program of its own, and returns the lines it prints. */
async function run(code: string, url: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hot-redis-docs-'))
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'block.ts'), checked(code))
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'block.ts'], {
      cwd: folder,
      env: {
        ...process.env,
        NODE_OPTIONS: '--disable-warning=HotAssignmentWarning',
        REDIS_URL: url,
        TSX_TSCONFIG_PATH: join(root, 'tsconfig.json')
      }
    })
    return stdout.split('\n').filter(Boolean)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Databases of the shared server that no block uses now. */
const databases = Array.from({ length: 15 }, (_, index) => index + 1)

async function withEmptyDatabase<R>(use: (url: string) => Promise<R>): Promise<R> {
  const database = databases.shift()
  const url = `${process.env['HOT_TEST_URL'] ?? ''}/${database}`
  const client = createClient({ url })
  try {
    await client.connect()
    await client.flushDb()
    return await use(url)
  } finally {
    await client.disconnect()
    databases.push(database as number)
  }
}

test('the examples in the documentation compile', () => {
  expect(blocks.length).toBeGreaterThan(5)
  expect(errorsIn(blocks)).toEqual([])
})

describe('the examples in the documentation run, and their comments are true', () => {
  const running = blocks.filter(({ runs }) => runs)

  test.concurrent.each(running)('$place', ({ code }) =>
    withEmptyDatabase(async url => expect(await run(code, url)).toEqual(printed(code)))
  )

  const sending = running.filter(({ code }) => commandsOf(code).length > 0)

  test.each(sending)('$place sends the commands beside its calls', async ({ code }) => {
    const server = await startServer()
    const monitor = await Monitor.start(server.url)
    try {
      await run(code, server.url)
      expect(asWritten(await monitor.take())).toEqual(commandsOf(code))
    } finally {
      await monitor.stop()
      await server.stop()
    }
  })
})

const withoutCode = (text: string): string => text.replaceAll(/^(?:> )?```.*?^(?:> )?```$/gms, '')

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutCode(read(file)).matchAll(/^#+ (.+)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = text.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')
    let unique = anchor
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`
    anchors.add(unique)
  }
  return anchors
}

function brokenLinksIn(file: string): string[] {
  const links = Array.from(withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
  return links.filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : join(dirname(file), path)
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && !(target.endsWith('.md') && anchorsOf(target).has(anchor))
  })
}

test.each(files)('every link of %s leads somewhere', file => {
  expect(brokenLinksIn(file)).toEqual([])
})
