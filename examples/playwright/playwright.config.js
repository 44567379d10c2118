import { defineConfig } from '@playwright/test'

// One Tombstone for all workers. `TOMBSTONE` is the path of the program, `TOMBSTONE_PORT` the port.
const port = process.env.TOMBSTONE_PORT ?? '4010'
const url = `http://127.0.0.1:${port}`

export default defineConfig({
  testDir: '.',
  outputDir: process.env.PLAYWRIGHT_OUTPUT ?? 'test-results',
  fullyParallel: true,
  workers: 4,
  reporter: 'list',
  use: {
    baseURL: url,
    launchOptions: {
      executablePath: process.env.CHROMIUM, // Playwright's own unless given
      args: process.env.CHROMIUM ? ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] : [],
    },
  },
  webServer: {
    command: `${process.env.TOMBSTONE ?? 'tombstone'} --port ${port} --log-format none`,
    url: `${url}/__admin/health`,
    reuseExistingServer: !process.env.CI,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
