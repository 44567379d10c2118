import { defineConfig } from '@playwright/test'

// `TOMBSTONE` is the path of the program, `TOMBSTONE_PORT` the port, `PAGES` the document, `CHROMIUM` the browser.
const url = `http://127.0.0.1:${process.env.TOMBSTONE_PORT}`

export default defineConfig({
  testDir: '.',
  reporter: 'list',
  use: {
    baseURL: url,
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  webServer: {
    command: `${process.env.TOMBSTONE} mock ${process.env.PAGES} --port ${process.env.TOMBSTONE_PORT}`,
    url: `${url}/__admin/health`,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
