import { readAnswer } from '@augur/core/answers/answer'
import { tagOfId } from '@augur/core/ids'
import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import type { ArmOutcome, ArmStore } from '@augur/core/rollouts/arm-store'
import type { Arm } from '@augur/core/rollouts/rollout'
import type { Logger } from '@augur/core/telemetry/logger'

export interface OutcomesContext {
  armStore: Pick<ArmStore, 'record'>
  logger: Logger
}

interface Group {
  tag: string
  trial: string
  arm: Arm
  outcomes: ArmOutcome[]
}

/** Tells trials how the predictions of their arms ended: those of one turn of the event loop together. */
export class OutcomeRecorder {
  private readonly groups = new Map<string, Group>()
  private isDue = false

  constructor(private readonly context: OutcomesContext) {}

  /** Does nothing for a prediction that takes part in no split. */
  ended(prediction: Prediction, ending: Ending): void {
    const { trial } = prediction
    if (trial === null || trial.part === 'shadow') return
    const tag = tagOfId(prediction.id)
    const key = JSON.stringify([tag, trial.id, trial.part])
    const group = this.groups.get(key) ?? { tag, trial: trial.id, arm: trial.part, outcomes: [] }
    group.outcomes.push(outcomeOf(prediction, ending))
    this.groups.set(key, group)
    if (this.isDue) return
    this.isDue = true
    setImmediate(() => this.flush())
  }

  private flush(): void {
    this.isDue = false
    const groups = [...this.groups.values()]
    this.groups.clear()
    for (const { tag, trial, arm, outcomes } of groups) {
      this.context.armStore
        .record(tag, trial, arm, outcomes)
        .catch((error: unknown) =>
          this.context.logger.warn({ err: error, trial }, 'outcomes were not counted'),
        )
    }
  }
}

function outcomeOf(
  { startedAt, createdAt }: Prediction,
  { status, completedAt, output }: Ending,
): ArmOutcome {
  const ms = Math.max(0, completedAt - (startedAt ?? createdAt))
  return { status, ms, label: output?.kind === 'inline' ? labelOf(output.json) : null }
}

function labelOf(json: string): string | null {
  const answer = readAnswer(JSON.parse(json))
  return answer?.kind === 'classes' ? answer.label : null
}
