import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { Hono } from 'hono'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'

export const boardPath = '/admin/queues'

export interface QueueBoard {
  answer(request: Request): Promise<Response>
}

type BoardContext = Pick<ApiContext, 'catalogue' | 'queues' | 'chunkQueues' | 'shadowQueues' | 'deliveries'>

/**
 * Bull Board over the queues of every version, for looking only: the record is the truth, and a job that is removed or
 * repeated behind it would be put back, or void. Its code is loaded by whoever asks for it first.
 */
export async function createQueueBoard(context: BoardContext): Promise<QueueBoard> {
  const [{ createBullBoard }, { BullMQAdapter }, { HonoAdapter }, { serveStatic }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/hono'),
    import('@hono/node-server/serve-static'),
  ])
  type AnyQueue = ConstructorParameters<typeof BullMQAdapter>[0]
  const adapter = (queue: AnyQueue, displayName: string) =>
    new BullMQAdapter(queue, { readOnlyMode: true, displayName })
  const adaptersOf = (versions: readonly CatalogueVersion[]) => [
    adapter(context.deliveries.bullQueue, 'webhook deliveries'),
    ...versions.flatMap(({ id: version, model, label }) => {
      const target = { model, version }
      return [
        adapter(context.queues.bullQueue(target), `${model} ${label}`),
        adapter(context.chunkQueues.bullQueue(target), `${model} ${label}, batches`),
        adapter(context.shadowQueues.bullQueue(target), `${model} ${label}, shadows`),
      ]
    }),
  ]

  let shown = currentCatalogue(context).versions
  const serverAdapter = new HonoAdapter(serveStatic)
  serverAdapter.setBasePath(boardPath)
  const board = createBullBoard({
    queues: adaptersOf(shown),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Augur queues', hideDocsLink: true, showWorkers: false } },
  })
  // With a slash at its end, or without.
  const app = new Hono({ strict: false }).route(boardPath, serverAdapter.registerPlugin())

  return {
    async answer(request) {
      const { versions } = currentCatalogue(context)
      if (!areSame(versions, shown)) board.replaceQueues(adaptersOf(versions))
      shown = versions
      return guarded(await app.fetch(request))
    },
  }
}

const areSame = (some: readonly CatalogueVersion[], others: readonly CatalogueVersion[]) =>
  some.length === others.length && some.every(({ id }, i) => id === others[i]?.id)

/** Nothing from elsewhere and no inline scripts, as on every page of ours; it styles its elements inline. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Without the fonts that its page links to at another host: it has others to fall back on. */
async function guarded(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers)
  headers.set('x-content-type-options', 'nosniff')
  if (!headers.get('content-type')?.startsWith('text/html')) {
    return new Response(answer.body, { status: answer.status, headers })
  }
  headers.set('content-security-policy', policy)
  headers.set('referrer-policy', 'no-referrer')
  headers.delete('content-length')
  const page = (await answer.text()).replaceAll(/<link href="https?:[^>]*>/g, '')
  return new Response(page, { status: answer.status, headers })
}
