import type { Prediction } from '@augur/client/types'
import { useEffect, useState } from 'preact/hooks'
import { explain, pathOfUrl, type Server } from '../server/server.js'
import { useServer } from '../server/use-server.js'

export interface Followed {
  prediction: Prediction | null
  /** Output that came while it ran, piece by piece. */
  pieces: readonly string[]
  error: string | null
}

const nothing: Followed = { prediction: null, pieces: [], error: null }

export const hasEnded = ({ status }: Prediction): boolean => status !== 'starting' && status !== 'processing'

const read = (server: Server, id: string) =>
  server.request<Prediction>(`/api/v1/predictions/${encodeURIComponent(id)}`)

/** A prediction as it is, and as it changes, by its stream. */
export function useFollowed(id: string | null, onEnd: () => Promise<void>): Followed {
  const server = useServer()
  const [followed, setFollowed] = useState<Followed>(nothing)

  useEffect(() => {
    setFollowed(nothing)
    if (id === null) return undefined
    let stream: EventSource | null = null
    let isLeft = false
    const update = (change: Partial<Followed> | ((before: Followed) => Partial<Followed>)) => {
      if (!isLeft)
        setFollowed((before) => ({ ...before, ...(typeof change === 'function' ? change(before) : change) }))
    }
    const refresh = async () => {
      const prediction = await read(server, id)
      update({ prediction, error: null })
      return prediction
    }
    const fail = (error: unknown) => update({ error: explain(error) })
    const finish = () => {
      stream?.close()
      refresh().then(onEnd, fail)
    }
    const follow = (prediction: Prediction) => {
      if (isLeft || hasEnded(prediction)) return
      stream = new EventSource(withStatus(pathOfUrl(prediction.urls.stream)))
      stream.addEventListener('status', () => void refresh().catch(fail))
      stream.addEventListener('output', ({ data }) =>
        update(({ pieces }) => ({ pieces: [...pieces, String(data)] })),
      )
      stream.addEventListener('done', finish)
      stream.addEventListener('error', () => {
        // The browser comes back by itself, unless it was refused.
        if (stream?.readyState === EventSource.CLOSED) refresh().catch(fail)
      })
    }
    refresh().then(follow, fail)
    return () => {
      isLeft = true
      stream?.close()
    }
  }, [id, server, onEnd])

  return followed
}

function withStatus(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}status=true`
}
