import type { Model, ModelPage, Prediction, PredictionPage, Version, VersionPage } from '@augur/client/types'
import { useCallback, useMemo, useState } from 'preact/hooks'
import { explain, Refusal } from '../server/server.js'
import { usePolled } from '../server/use-polled.js'
import { useServer } from '../server/use-server.js'
import { CodeSamples } from './code-samples.js'
import { InputForm } from './input-form.js'
import type { Input, Schema } from './input-fields.js'
import { type Choice, ModelPicker, nameOf } from './model-picker.js'
import { hrefOf, Recent } from './recent.js'
import { Result } from './result.js'
import { useFollowed } from './use-followed.js'

const modelsEveryMs = 5000
// Pages hold whole inputs, pictures too; what happens here is seen without them.
const recentEveryMs = 10_000
const recentLength = 15

interface Trouble {
  text: string
  /** By name of the field. */
  fields: Readonly<Record<string, string>>
}
const noTrouble: Trouble = { text: '', fields: {} }

/** Pick a model, fill in its form, watch the prediction, and take the call along as code. */
export function PlaygroundPage({ openId, hasKey }: { openId: string | null; hasKey: boolean }) {
  const server = useServer()
  const [choice, setChoice] = useState<Choice | null>(null)
  const [inputs, setInputs] = useState<Readonly<Record<string, Input>>>({})
  const [trouble, setTrouble] = useState(noTrouble)
  const [isBusy, setBusy] = useState(false)

  const models = usePolled(
    useCallback(async () => (await server.request<ModelPage>('/api/v1/models')).results, [server]),
    modelsEveryMs,
  )
  const recent = usePolled(
    useCallback(
      async () => (await server.request<PredictionPage>(`/api/v1/predictions?limit=${recentLength}`)).results,
      [server],
    ),
    recentEveryMs,
  )
  const followed = useFollowed(openId, recent.reload)

  const chosen = choice ?? firstChoice(models.value ?? [])
  const versions = useVersions(chosen?.model ?? null)
  const schema = useMemo(
    () => schemaOf(models.value ?? [], versions, chosen),
    [models.value, versions, chosen],
  )
  const input = inputs[chosen?.model ?? ''] ?? {}
  const setInput = (model: string, next: Input) => {
    setInputs((before) => ({ ...before, [model]: next }))
    setTrouble(noTrouble)
  }

  const attempt = async (action: () => Promise<void>) => {
    setTrouble(noTrouble)
    try {
      await action()
      await recent.reload()
    } catch (error) {
      setTrouble(troubleOf(error))
    }
  }
  const open = (prediction: Prediction) => {
    location.hash = hrefOf(prediction)
  }
  const submit = async ({ model, version }: Choice) => {
    setBusy(true)
    await attempt(async () => {
      const json = { version: version ?? model, input }
      open(await server.request<Prediction>('/api/v1/predictions', { method: 'POST', json }))
    })
    setBusy(false)
  }
  const post = (prediction: Prediction, action: 'retry' | 'cancel') =>
    server.request<Prediction>(`/api/v1/predictions/${prediction.id}/${action}`, { method: 'POST' })
  const actions = {
    onRetry: (prediction: Prediction) => void attempt(async () => open(await post(prediction, 'retry'))),
    onCancel: (prediction: Prediction) => void attempt(async () => void (await post(prediction, 'cancel'))),
    onDelete: (prediction: Prediction) =>
      void attempt(async () => {
        await server.request(`/api/v1/predictions/${prediction.id}`, { method: 'DELETE' })
        if (prediction.id === openId) location.hash = '/'
      }),
    onReuse(prediction: Prediction) {
      setChoice({ model: prediction.model, version: prediction.version })
      setInput(prediction.model, prediction.input ?? {})
    },
  }

  if (!chosen) {
    return (
      <p class="empty page-empty">{models.error ?? (models.value ? 'This server has no model yet.' : '')}</p>
    )
  }
  const reference = chosen.version === null ? chosen.model : `${chosen.model}:${chosen.version}`
  return (
    <div class="playground">
      <div class="column">
        <section class="panel request" aria-label="Request">
          <h1>Playground</h1>
          <ModelPicker
            models={models.value ?? []}
            versions={versions}
            choice={chosen}
            onChoose={(next) => {
              setChoice(next)
              setTrouble(noTrouble)
            }}
          />
          <InputForm
            key={chosen.model}
            schema={schema}
            input={input}
            errors={trouble.fields}
            isBusy={isBusy}
            onInput={(next) => setInput(chosen.model, next)}
            onSubmit={() => void submit(chosen)}
          />
          <p class="error trouble" role="alert">
            {trouble.text}
          </p>
        </section>
        <div class="panel">
          <CodeSamples version={reference} input={input} hasKey={hasKey} />
        </div>
        <div class="panel">
          <Recent
            predictions={recentOf(recent.value ?? [], followed.prediction)}
            error={recent.error}
            openId={openId}
            {...actions}
          />
        </div>
      </div>
      <div class="column">
        <section class="panel outcome" aria-label="Result">
          <h2>Result</h2>
          <Result followed={followed} actions={actions} />
        </section>
      </div>
    </div>
  )
}

/** With the one that is shown as it is shown: its stream is ahead of the list. */
function recentOf(predictions: readonly Prediction[], shown: Prediction | null): Prediction[] {
  return predictions.map((each) => (each.id === shown?.id ? shown : each))
}

function firstChoice(models: readonly Model[]): Choice | null {
  const model = models.find(({ state }) => state === 'ready') ?? models[0]
  return model ? { model: nameOf(model), version: null } : null
}

function useVersions(model: string | null): readonly Version[] {
  const server = useServer()
  const read = useCallback(async () => {
    if (model === null) return []
    return (await server.request<VersionPage>(`/api/v1/models/${model}/versions`)).results
  }, [server, model])
  return usePolled(read, modelsEveryMs).value ?? []
}

function schemaOf(models: readonly Model[], versions: readonly Version[], choice: Choice | null): Schema {
  const model = models.find((each) => nameOf(each) === choice?.model)
  const version = versions.find(({ id }) => id === choice?.version) ?? model?.latest_version
  // As the server describes versions: a document of OpenAPI with two schemas.
  const document = version?.openapi_schema as { components?: { schemas?: { Input?: Schema } } } | undefined
  return document?.components?.schemas?.Input ?? {}
}

function troubleOf(error: unknown): Trouble {
  const errors = error instanceof Refusal ? (error.problem?.errors ?? []) : []
  const fields = errors.flatMap(({ pointer, detail }) => {
    const [, name] = /^\/input\/([^/]+)/.exec(pointer) ?? []
    if (name === undefined) return []
    // Where it is, the page shows by itself.
    return [[name, detail.replace(`input.${name}`, '').replace(/^[:.]\s*/, '')] as const]
  })
  return { text: explain(error), fields: Object.fromEntries(fields) }
}
