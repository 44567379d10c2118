// A sandbox for each test, with what can be done beside the calls. Copy this file.
import { createHash } from 'node:crypto'

import { expect, test as base } from '@playwright/test'

export { expect }

export const test = base.extend({
  sandbox: async ({ request, baseURL }, use, { testId, retry }) => {
    const name = createHash('sha256').update(`${testId} ${retry}`).digest('hex').slice(0, 16)
    const admin = `/__admin/sandboxes/${name}`
    const post = async (action, data = {}) => {
      const answer = await request.post(`${admin}/${action}`, { data })
      expect(answer.ok(), await answer.text()).toBe(true)
      return answer.json()
    }
    expect((await request.put(admin, { data: {} })).ok()).toBe(true)
    await use({
      url: `${baseURL}/@${name}`,
      post,
      undo: (how) => post('undo', how),
      advance: (duration) => post('clock', { advance: duration }),
      verify: async (...expectations) => {
        const verdict = await post('verify', { expectations })
        expect(verdict.expectations.filter((outcome) => !outcome.passed)).toEqual([])
      },
    })
    await request.delete(admin)
  },
})
