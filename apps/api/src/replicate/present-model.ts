import type { Catalogue, CatalogueVersion, ModelProblem } from '@augur/core/models/catalogue'
import { inputJsonSchema, outputJsonSchema } from '@augur/core/models/input-schema'
import type { LoadProgress, PresentVersion } from '@augur/core/models/presence'
import type { WireModel, WireVersion } from './schemas.js'

// Clients read from it how to treat outputs: from this release on they ask the output's schema.
const cogVersion = '0.16.0'

const isoTime = (timeMs: number) => new Date(timeMs).toISOString()

export function presentVersion(catalogue: Catalogue, version: CatalogueVersion): WireVersion {
  const { example } = version.manifest
  const schemas = {
    Input: {
      title: 'Input',
      ...inputJsonSchema(version.manifest),
      ...(example && { examples: [example] }),
    },
    Output: { title: 'Output', ...outputJsonSchema(version.manifest) },
  }
  return {
    id: version.id,
    label: version.label,
    created_at: isoTime(version.publishedAt),
    cog_version: cogVersion,
    ...presentState(catalogue, version.id),
    ...presentVerification(catalogue, version.id),
    openapi_schema: {
      openapi: '3.1.0',
      info: { title: version.model, version: version.label },
      paths: {},
      components: { schemas },
    },
  }
}

function presentState(catalogue: Catalogue, id: string) {
  const state = catalogue.stateOf(id)
  const { code, reason } = catalogue.statesOf(id).find((present) => present.state === state) ?? {}
  return {
    state,
    ...(code !== undefined && { state_code: code }),
    ...(reason !== undefined && { state_reason: reason }),
    ...(state === 'loading' && presentProgress(catalogue.progressOf(id))),
  }
}

function presentVerification(catalogue: Catalogue, id: string): Pick<WireVersion, 'verification'> {
  const found = catalogue.verificationOf(id)
  if (!found) return {}
  const { state } = found
  if (state === 'missing') return { verification: { state } }
  if (state === 'void') return { verification: { state, reason: found.reason } }
  return { verification: { state, verified_at: found.at, broken_rules: [...found.rules] } }
}

function presentProgress(progress: LoadProgress | undefined) {
  if (!progress) return {}
  return { progress: { done_bytes: progress.doneBytes, total_bytes: progress.totalBytes } }
}

function presentLoading(catalogue: Catalogue, { id, label }: PresentVersion) {
  return { label, version: id, ...presentProgress(catalogue.progressOf(id)) }
}

const presentProblem = ({ id, ...problem }: ModelProblem) => ({ ...problem, version: id })

interface ModelFacts {
  catalogue: Catalogue
  model: string
  /** Predictions that were accepted for any of its versions. */
  runCount: number
  baseUrl: string
}

export function presentModel({ catalogue, model, runCount, baseUrl }: ModelFacts): WireModel {
  const [owner = '', name = ''] = model.split('/')
  const versions = catalogue.versionsOf(model)
  const latest = catalogue.stable(model) ?? versions[0]
  const oldest = versions.at(-1)
  return {
    url: `${baseUrl}/models/${model}`,
    owner,
    name,
    description: latest?.manifest.description ?? '',
    visibility: 'private',
    run_count: runCount,
    is_official: false,
    github_url: null,
    paper_url: null,
    license_url: null,
    cover_image_url: null,
    default_example: null,
    state: catalogue.stateOfModel(model),
    loading: catalogue.loadingOf(model).map((version) => presentLoading(catalogue, version)),
    problems: catalogue.problemsOf(model).map(presentProblem),
    latest_version: latest ? presentVersion(catalogue, latest) : null,
    ...(oldest && { created_at: isoTime(oldest.publishedAt) }),
  }
}
