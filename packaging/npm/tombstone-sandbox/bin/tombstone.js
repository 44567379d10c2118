#!/usr/bin/env node
'use strict'
// The command: hands everything to the program, and ends as it ends.

const { spawn } = require('node:child_process')

const { program } = require('../program.js')

let path
try {
  path = program()
} catch (error) {
  console.error(`tombstone: ${error.message}`)
  process.exit(1)
}
const child = spawn(path, process.argv.slice(2), { stdio: 'inherit', windowsHide: true })
child.on('error', (error) => {
  console.error(`tombstone: cannot run \`${path}\`: ${error.message}`)
  process.exit(1)
})
// From a terminal the program gets these too, and ends all the same.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal))
}
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
