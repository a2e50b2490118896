import type { Model, Version } from '@augur/client/types'
import { Badge } from '../ui/badge.js'

export interface Choice {
  /** `owner/name`. */
  model: string
  /** A version's id; null: whichever the model's traffic goes to. */
  version: string | null
}

interface ModelPickerProps {
  models: readonly Model[]
  versions: readonly Version[]
  choice: Choice
  onChoose(choice: Choice): void
}

export const nameOf = ({ owner, name }: Pick<Model, 'owner' | 'name'>) => `${owner}/${name}`

/** Which model is asked, and which version of it. */
export function ModelPicker({ models, versions, choice, onChoose }: ModelPickerProps) {
  const model = models.find((each) => nameOf(each) === choice.model)
  const version = versions.find(({ id }) => id === choice.version) ?? model?.latest_version
  return (
    <section class="picker" aria-label="Model">
      <div class="picker-fields">
        <label>
          <span>Model</span>
          <select
            id="model"
            value={choice.model}
            onChange={({ currentTarget }) => onChoose({ model: currentTarget.value, version: null })}
          >
            {models.map((each) => (
              <option key={nameOf(each)} value={nameOf(each)}>
                {nameOf(each)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Version</span>
          <select
            id="version"
            value={choice.version ?? ''}
            onChange={({ currentTarget }) => onChoose({ ...choice, version: currentTarget.value || null })}
          >
            <option value="">stable, as traffic is routed</option>
            {versions.map(({ id, label, state }) => (
              <option key={id} value={id}>
                {label} · {id.slice(0, 8)} {state === 'ready' ? '' : `(${state.replaceAll('_', ' ')})`}
              </option>
            ))}
          </select>
        </label>
        {version && <Badge status={version.state} />}
      </div>
      <p class="hint picker-about">{model?.description}</p>
      {version?.state_reason !== undefined && <p class="error">{version.state_reason}</p>}
    </section>
  )
}
