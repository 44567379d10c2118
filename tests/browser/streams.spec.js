// Sequences of values as clients read them: server-sent events with EventSource, lines of JSON with a reader of lines.
import { expect, test } from '@playwright/test'

test('EventSource reads the events of a stream', async ({ page }) => {
  await page.goto('/__admin/ui/')
  const events = await page.evaluate(() => new Promise((resolve, reject) => {
    const source = new EventSource('/events')
    const read = []
    const take = (event) => {
      read.push([event.type, event.data, event.lastEventId])
      if (read.length === 2) { source.close(); resolve(read) }
    }
    source.addEventListener('greeting', take)
    source.addEventListener('message', take)
    setTimeout(() => reject(new Error(JSON.stringify(read))), 5000)
  }))
  expect(events).toEqual([['greeting', 'hello\nyou', '7'], ['message', 'plain', '7']])
})

test('lines of JSON are read one by one', async ({ request }) => {
  const answer = await request.get('/events', { headers: { accept: 'application/jsonl' } })
  expect(answer.headers()['content-type']).toBe('application/jsonl')
  const lines = (await answer.text()).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([{ n: 1 }, { n: 2 }])
})
