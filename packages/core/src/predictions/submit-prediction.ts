import { ServiceError } from '../errors.js'
import { type CheckFilesContext, checkInputFiles } from '../files/check-input-files.js'
import type { InputSchemas } from '../models/input-schemas.js'
import { checkOutboundUrl, type OutboundPolicy } from '../outbound/check-url.js'
import { type AdmissionContext, admitPrediction } from './admit-prediction.js'
import {
  type CreateContext,
  createPrediction,
  type Created,
  type NewPrediction,
} from './create-prediction.js'

export interface SubmitContext extends CreateContext, AdmissionContext, CheckFilesContext {
  inputSchemas: InputSchemas
  outbound: OutboundPolicy
}

/** What a caller asks for; nothing of it was checked yet. */
export interface Submission extends Omit<NewPrediction, 'input'> {
  /** Parsed JSON. */
  input: unknown
  /** Whether its caller waits for the end, whatever its class; by default one of the class `waiting` does. */
  isWaitedFor?: boolean
}

/**
 * Checks a submission, and creates its prediction once all of it is right.
 * @throws ServiceError
 */
export async function submitPrediction(context: SubmitContext, submission: Submission): Promise<Created> {
  const { version, form, webhook } = submission
  admitPrediction(context, version, submission.isWaitedFor ?? submission.class === 'waiting')
  const input = context.inputSchemas.validate(version, submission.input, form)
  if (webhook !== null) checkWebhookUrl(context.outbound, webhook)
  const isRemote = await checkInputFiles(context, version, submission.input, form)
  return createPrediction(context, { ...submission, input, isRemote })
}

/** One answer for every kind of refusal: it must not tell what the server can reach. */
export function checkWebhookUrl(policy: OutboundPolicy, url: string): void {
  if (checkOutboundUrl(url, policy).ok) return
  const detail = 'webhook is not a URL that this server delivers to'
  throw new ServiceError('url_not_allowed', detail, {
    errors: [{ pointer: '/webhook', code: 'url_not_allowed', detail }],
  })
}
