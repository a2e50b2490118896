import type { Manifest } from '@augur/core/models/manifest'
import { encodeJson } from '../encode-json.js'
import { ProviderUnavailableError } from '../execution-providers.js'
import { OnnxSession } from '../onnx-session.js'
import { openPipeline } from '../pipelines/open-pipeline.js'
import type { LoadRefusal, SessionSettings } from './protocol.js'
import { createModel, type Model } from './run-micro-batch.js'

/** A version that loaded, or what was wrong with it. */
export type LoadResult = { ok: true; model: Model } | { ok: false; code: LoadRefusal; reason: string }

/** Opens the session and the pipeline of a version, and runs its example through them. */
export async function loadVersion(
  folder: string,
  manifest: Manifest,
  settings: SessionSettings,
): Promise<LoadResult> {
  const refuse = (code: LoadRefusal, error: unknown): LoadResult => {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, code, reason: reason.replaceAll(`${folder}/`, '') }
  }
  const session = await OnnxSession.open(folder, manifest, settings).catch((error: unknown) =>
    refuse(error instanceof ProviderUnavailableError ? 'provider_unavailable' : 'invalid_model', error),
  )
  if (!(session instanceof OnnxSession)) return session
  const pipeline = await openPipeline(folder, manifest, settings).catch((error: unknown) =>
    refuse('invalid_pipeline', error),
  )
  if ('ok' in pipeline) return release(session, pipeline)
  const model = createModel(session, pipeline, manifest)
  try {
    await warmUp(model, manifest.example)
    return { ok: true, model }
  } catch (error) {
    return release(session, refuse('warm_up_failed', error))
  }
}

async function warmUp(
  { session, pipelines: { pipeline } }: Model,
  example: Manifest['example'],
): Promise<void> {
  if (!example) return
  const outputs = await session.run(await pipeline.preprocess(example))
  encodeJson(await pipeline.postprocess(outputs, example))
}

async function release(session: OnnxSession, result: LoadResult): Promise<LoadResult> {
  await session.release()
  return result
}
