import { beforeAll, describe, expect, test } from '@jest/globals'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')
const files = readdirSync(import.meta.dirname)
  .filter(name => name.endsWith('.types.ts'))
  .map(name => join(import.meta.dirname, name))

/** What does not compile with exactOptionalPropertyTypes only. */
const exactFiles = [join(import.meta.dirname, 'exact-optional', 'undefined.types.ts')]

/** Each exported function of those files is a test, named after it. */
const functions = [...files, ...exactFiles].flatMap(path =>
  ts
    .createSourceFile(path, ts.sys.readFile(path) ?? '', ts.ScriptTarget.Latest, true)
    .statements.filter(ts.isFunctionDeclaration)
    .map(({ name, pos, end }) => ({
      title: `${basename(path, '.types.ts')}: ${inWords(name?.text ?? '')}`,
      path,
      pos,
      end
    }))
)

// Jest takes types out unread, so the compiler is asked here: whatever is wrong is an error, and so is an error that is
// expected and does not come. It sees the declarations that the package carries, as users do, and not the sources, which
// tell more.
describe('what must compile does, and what must not does not', () => {
  let problems: readonly Problem[]

  beforeAll(() => {
    const declarations = declarationsOf(optionsOf('tsconfig.build.json'))
    problems = [
      ...problemsIn(files, declarations, {}),
      ...problemsIn(exactFiles, declarations, { exactOptionalPropertyTypes: true })
    ]
  })

  test.each(functions)('$title', ({ path, pos, end }) => {
    const own = problems.filter(problem => problem.path === path && problem.start >= pos && problem.start < end)
    expect(own.map(({ text }) => text)).toEqual([])
  })

  test('and nothing is wrong outside of these functions', () => {
    const outside = problems.filter(
      ({ path, start }) => !functions.some(one => one.path === path && start >= one.pos && start < one.end)
    )
    expect(outside.map(({ text }) => text)).toEqual([])
  })
})

interface Problem {
  readonly path: string
  readonly start: number
  readonly text: string
}

/** What the compiler says of files that import the package, of which only the declarations are there. */
function problemsIn(
  files: readonly string[],
  declarations: ReadonlyMap<string, string>,
  extra: ts.CompilerOptions
): Problem[] {
  const options = { ...optionsOf('tsconfig.json'), ...extra, paths: { 'hot-redis': ['./dist/index.d.ts'] } }
  const disk = ts.createCompilerHost(options)
  const readFile = (path: string) => declarations.get(path) ?? disk.readFile(path)
  const host: ts.CompilerHost = {
    ...disk,
    readFile,
    directoryExists: path => path.startsWith(join(root, 'dist')) || disk.directoryExists!(path),
    fileExists: path => declarations.has(path) || disk.fileExists(path),
    getSourceFile: (path, version) => {
      const text = readFile(path)
      return text === undefined ? undefined : ts.createSourceFile(path, text, version)
    }
  }
  const program = ts.createProgram(files, options, host)
  return files.flatMap(path => {
    const source = program.getSourceFile(path)!
    return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => ({
      path,
      start,
      text: `${basename(path)}:${source.getLineAndCharacterOfPosition(start).line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    }))
  })
}

function optionsOf(file: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, file), path => ts.sys.readFile(path)) as { config: unknown }
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options
}

/** What `npm run build` would write to dist/, by path. */
function declarationsOf(options: ts.CompilerOptions): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  const program = ts.createProgram([join(root, 'src/index.ts')], {
    ...options,
    emitDeclarationOnly: true,
    declarationMap: false,
    sourceMap: false,
    inlineSources: false
  })
  program.emit(undefined, (path, text) => texts.set(path, text))
  return texts
}

/** `aFieldIsNotItsValue` as a sentence. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}
