'use strict'
// Where the program is. Each platform has a package of its own that holds it, and installs only what fits.

// Where both C libraries fit, the static program goes first: it runs on either.
const PACKAGES = {
  'linux x64': ['linux-x64-musl', 'linux-x64-gnu'],
  'linux arm64': ['linux-arm64-musl', 'linux-arm64-gnu'],
  'darwin x64': ['darwin-x64'],
  'darwin arm64': ['darwin-arm64'],
  'win32 x64': ['win32-x64'],
}

/** The path of the program: `TOMBSTONE` where that is set, else that of this platform's package. */
function program() {
  if (process.env.TOMBSTONE) return process.env.TOMBSTONE
  const platform = `${process.platform} ${process.arch}`
  const file = process.platform === 'win32' ? 'tombstone.exe' : 'tombstone'
  const packages = (PACKAGES[platform] ?? []).map((name) => `@tombstone-sandbox/${name}`)
  for (const name of packages) {
    try {
      return require.resolve(`${name}/${file}`)
    } catch {
      // Not installed: the next may be.
    }
  }
  const wanted = packages.join(' or ')
  throw new Error(
    wanted
      ? `no program for ${platform}: ${wanted} is not installed; install again without leaving out optional ` +
          'dependencies (`--omit=optional`, `--no-optional`), or set `TOMBSTONE` to the path of a program'
      : `no program is built for ${platform}: build one with \`cargo build --release\`, and set \`TOMBSTONE\` to its path`,
  )
}

module.exports = { program }
