// What has to be there before anything can run: the dependencies and a server. Uses nothing but Node itself, since it
// runs straight after `git clone`.

import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs `npm ci` when node_modules does not hold what package-lock.json asks for. */
async function ensureDependencies() {
  const wanted = packagesIn(join(root, 'package-lock.json'))
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'))
  const missing = Object.entries(wanted).some(
    ([path, { version, optional }]) => path !== '' && !optional && installed[path]?.version !== version
  )
  if (!missing) return
  say('installing the dependencies (npm ci) …')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const code = npm ? await run(process.execPath, [npm, ...args]) : await run('npm', args)
  if (code !== 0) throw new SetupError(`npm ci failed (exit code ${code})`)
}

/**
 * What a lock file lists, by path.
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {}
}

/** The server's binary: REDISMS_SYSTEM_BINARY if set, else redis-server or valkey-server from PATH. */
export function findServer() {
  return process.env.REDISMS_SYSTEM_BINARY || which('redis-server') || which('valkey-server')
}

/**
 * Finds a server, or installs Debian's, or leaves it to redis-memory-server to compile one. What is found is left in
 * REDISMS_SYSTEM_BINARY, for redis-memory-server here and in child processes.
 */
async function ensureServer() {
  const server = findServer() ?? (await installServer())
  if (server !== undefined) {
    process.env.REDISMS_SYSTEM_BINARY = server
    return
  }
  const compiler = which('cc') ?? which('gcc') ?? which('clang')
  if (!which('make') || !compiler) {
    throw new SetupError(
      [
        'there is no Redis server to run against. Any of these will do:',
        '  - install redis-server or valkey-server, so that it is on PATH (or name it in REDISMS_SYSTEM_BINARY)',
        "  - on Debian or Ubuntu, run this as root or with sudo that asks for no password: it installs Debian's",
        '  - install make and a C compiler, and redis-memory-server will download and compile one'
      ].join('\n')
    )
  }
  say('no redis-server or valkey-server on PATH: redis-memory-server downloads and compiles one, which takes minutes')
}

async function installServer() {
  if (!which('apt-get')) return undefined
  const isRoot = process.getuid?.() === 0
  if (!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return undefined
  say("no redis-server or valkey-server on PATH: installing Debian's redis-server (apt-get) …")
  const script = join(root, 'scripts', 'install-server.sh')
  const code = isRoot ? await run('sh', [script]) : await run('sudo', ['-n', 'sh', script])
  if (code !== 0) say(`installing redis-server failed (exit code ${code})`)
  return findServer()
}

/**
 * Prepares everything, runs `main` and ends the process with the exit code it returns.
 * @param {() => Promise<number>} main
 */
export async function prepareAndRun(main) {
  try {
    await ensureDependencies()
    await ensureServer()
    const { bundleLua } = await import('./bundle-lua.mjs')
    bundleLua(root)
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

/**
 * Runs a program in the package's folder, with our terminal; resolves with its exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    // Ctrl-C reaches the child by itself; we stay until it has tidied up.
    const ignore = () => {}
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
    process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass)
    child.on('error', error => reject(new SetupError(`cannot run ${command}: ${error.message}`)))
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass)
      if (signal) say(`${command} was ended by ${signal}`)
      resolve(code ?? 1)
    })
  })
}

/**
 * Runs a TypeScript file of this package.
 * @param {string} file
 * @param {readonly string[]} args
 */
export function runTypeScript(file, args = []) {
  return run(process.execPath, ['--import', 'tsx', file, ...args])
}

export class SetupError extends Error {}

/** @param {string} name */
function which(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(file => {
      try {
        accessSync(file, constants.X_OK)
        return statSync(file).isFile()
      } catch {
        return false
      }
    })
}

/** @param {string} text */
function say(text) {
  console.log(`hot-redis: ${text}`)
}
