import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'

// Every ```ts block of README.md and docs/ compiles; every ```ts run block also runs, and what its comments say is true.

const root = join(import.meta.dirname, '../..')

interface Block {
  /** Where it begins: `README.md:12`. */
  readonly place: string
  readonly code: string
  readonly runs: boolean
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(root, file), 'utf8')
  return Array.from(text.matchAll(/^((?:> )?)```ts( run)?\n(.*?)^\1```$/gms), match => ({
    place: `${file}:${text.slice(0, match.index).split('\n').length}`,
    code: (match[3] ?? '').replaceAll(/^> ?/gm, ''),
    runs: match[2] !== undefined
  }))
}

const docs = readdirSync(join(root, 'docs')).filter(file => file.endsWith('.md'))
const blocks = ['README.md', ...docs.map(file => `docs/${file}`)].flatMap(blocksOf)

/** What a block without imports takes for granted. */
const prelude = `import { createHot } from 'hot-redis'
const hot = createHot()
const todo = hot.list<string>('todo')
const user = hot.dict<{ name: string; visits: number; admin: boolean; tags: string[] }>('user:1')
void [hot, todo, user]
`

const complete = (code: string): string =>
  code.includes('import ') ? code : `${prelude}export {}\n{\n${code.trimEnd()}\n}\n`

/** Type-checks all blocks in one go, as files in the package's folder that exist in memory only. */
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

/** `await list[0] // 'a'` becomes a check of what the comment says; so does what console.log prints. */
function checked(code: string): string {
  const lines = code.split('\n').map(line => {
    const [, indent = '', expression, expected = ''] = /^( *)await ((?!.*console\.log).+?) +\/\/ (.+)$/.exec(line) ?? []
    return expression === undefined ? line : `${indent}check(await (${expression}), ${JSON.stringify(expected)})`
  })
  return `import { inspect as inspected } from 'node:util'
import { strictEqual as same } from 'node:assert'
function check(value: unknown, comment: string) {
  same(inspected(value), comment)
}
${lines.join('\n')}`
}

/** What console.log is to print, by the comments behind it: `console.log(item) // read, cook` means two lines. */
const printed = (code: string): string[] =>
  Array.from(code.matchAll(/console\.log\(.*?\/\/ (.+)$/gm), match => (match[1] ?? '').split(', ')).flat()

test('the examples in the documentation compile', () => {
  expect(blocks.length).toBeGreaterThan(5)
  expect(errorsIn(blocks)).toEqual([])
})

describe('the examples in the documentation run, and their comments are true', () => {
  const running = blocks.filter(({ runs }) => runs)

  test.concurrent.each(running.map((block, index) => ({ ...block, database: (index % 15) + 1 })))(
    '$place',
    async block => {
      const folder = await mkdtemp(join(tmpdir(), 'hot-redis-docs-'))
      try {
        await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
        await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
        await writeFile(join(folder, 'block.ts'), checked(block.code))
        const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'block.ts'], {
          cwd: folder,
          env: {
            ...process.env,
            NODE_OPTIONS: '--disable-warning=HotAssignmentWarning',
            REDIS_URL: `${process.env['HOT_TEST_URL'] ?? ''}/${block.database}`,
            TSX_TSCONFIG_PATH: join(root, 'tsconfig.json')
          }
        })
        expect(stdout.split('\n').filter(Boolean)).toEqual(printed(block.code))
      } finally {
        await rm(folder, { recursive: true })
      }
    }
  )
})
