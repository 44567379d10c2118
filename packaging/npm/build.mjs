// Builds the npm packages: `node packaging/npm/build.mjs OUT [PLATFORM=PROGRAM …]`.
//
// OUT gets the tarball of the thin package, and one for each program that is given, `linux-x64-gnu=target/dist/tombstone`
// say. platforms.json has the platforms; the thin package depends on all of them, and npm installs the one that fits.
// Needs Node.js and npm, and no network.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = join(root, 'packaging/npm')
const platforms = JSON.parse(readFileSync(join(here, 'platforms.json'), 'utf8'))
const thin = JSON.parse(readFileSync(join(here, 'tombstone-sandbox/package.json'), 'utf8'))
const version = readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/^version = "(.+)"$/m)[1]
const packageOf = (platform) => `@tombstone-sandbox/${platform}`

/** Lays a package out in `folder`, and packs it into `out`. */
function pack(folder, manifest, out) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(join(root, name), join(folder, name))
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', out], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  const { filename, size } = Object.values(JSON.parse(packed))[0]
  console.log(`${String(size).padStart(9)}  ${filename.replace('@', '').replace('/', '-')}`)
}

/** The package that holds a program, and nothing else. */
function platformPackage(platform, program, out) {
  const { os, cpu, libc, untested } = platforms[platform]
  const folder = mkdtempSync(join(tmpdir(), 'tombstone-npm-'))
  const file = os === 'win32' ? 'tombstone.exe' : 'tombstone'
  cpSync(program, join(folder, file))
  chmodSync(join(folder, file), 0o755)
  const licences = join(root, 'target/packages/THIRD-PARTY.txt')
  if (existsSync(licences)) cpSync(licences, join(folder, 'THIRD-PARTY.txt'))
  const note = untested ? ' It has not been tried on this platform.' : ''
  writeFileSync(join(folder, 'README.md'), `The program of \`${thin.name}\` for ${platform}; install that.${note}\n`)
  pack(
    folder,
    {
      name: packageOf(platform),
      version,
      description: `The program of ${thin.name} for ${platform}`,
      license: thin.license,
      os: [os],
      cpu: [cpu],
      ...(libc && { libc: [libc] }),
      files: [file, 'LICENSE-*', 'THIRD-PARTY.txt'],
      preferUnplugged: true,
    },
    out,
  )
  rmSync(folder, { recursive: true })
}

/** The launcher and the helper, which depend on every platform's package. */
function thinPackage(out) {
  const folder = mkdtempSync(join(tmpdir(), 'tombstone-npm-'))
  cpSync(join(here, 'tombstone-sandbox'), folder, { recursive: true })
  const optionalDependencies = Object.fromEntries(Object.keys(platforms).map((name) => [packageOf(name), version]))
  pack(folder, { ...thin, version, optionalDependencies }, out)
  rmSync(folder, { recursive: true })
}

const [out, ...programs] = process.argv.slice(2)
if (!out) throw new Error('usage: node packaging/npm/build.mjs OUT [PLATFORM=PROGRAM …]')
const folder = resolve(out)
mkdirSync(folder, { recursive: true })
thinPackage(folder)
for (const given of programs) {
  const at = given.indexOf('=')
  const platform = given.slice(0, at)
  if (!Object.hasOwn(platforms, platform)) throw new Error(`\`${platform}\` is not one of ${Object.keys(platforms).join(', ')}`)
  platformPackage(platform, resolve(given.slice(at + 1)), folder)
}
