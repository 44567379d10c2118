// A registry of the tarballs in a folder, as far as npm needs one to install them: `node registry.mjs FOLDER`. Prints its
// URL, and serves until it is ended.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const folder = process.argv[2]
const packages = new Map()
for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
  const path = join(folder, file)
  const manifest = JSON.parse(execFileSync('tar', ['-xzOf', path, 'package/package.json'], { encoding: 'utf8' }))
  const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
  packages.set(manifest.name, { manifest, file, integrity })
}

const server = createServer((request, answer) => {
  const asked = decodeURIComponent(request.url.slice(1))
  const found = packages.get(asked)
  const file = asked.replace(/^tarballs\//, '')
  if (found) {
    const { manifest, integrity } = found
    const tarball = `http://${request.headers.host}/tarballs/${found.file}`
    const version = { ...manifest, dist: { tarball, integrity } }
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({
      name: manifest.name,
      'dist-tags': { latest: manifest.version },
      versions: { [manifest.version]: version },
    }))
  } else if ([...packages.values()].some((one) => one.file === file)) {
    answer.end(readFileSync(join(folder, file)))
  } else {
    answer.writeHead(404).end('{}')
  }
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
