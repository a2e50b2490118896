import { ServiceError } from '../errors.js'
import type { InputSchemas } from '../models/input-schemas.js'
import { checkOutboundUrl, type OutboundPolicy } from '../outbound/check-url.js'
import { type AdmissionContext, admitPrediction } from './admit-prediction.js'
import {
  type CreateContext,
  createPrediction,
  type Created,
  type NewPrediction,
} from './create-prediction.js'

export interface SubmitContext extends CreateContext, AdmissionContext {
  inputSchemas: InputSchemas
  outbound: OutboundPolicy
}

/** What a caller asks for; nothing of it was checked yet. */
export interface Submission extends Omit<NewPrediction, 'input'> {
  /** Parsed JSON. */
  input: unknown
}

/**
 * Checks a submission, and creates its prediction once all of it is right.
 * @throws ServiceError
 */
export async function submitPrediction(context: SubmitContext, submission: Submission): Promise<Created> {
  admitPrediction(context, submission.version, submission.class)
  const input = context.inputSchemas.validate(submission.version, submission.input, submission.form)
  if (submission.webhook !== null) checkWebhookUrl(context.outbound, submission.webhook)
  return createPrediction(context, { ...submission, input })
}

/** One answer for every kind of refusal: it must not tell what the server can reach. */
function checkWebhookUrl(policy: OutboundPolicy, url: string): void {
  if (checkOutboundUrl(url, policy).ok) return
  const detail = 'webhook is not a URL that this server delivers to'
  throw new ServiceError('url_not_allowed', detail, {
    errors: [{ pointer: '/webhook', code: 'url_not_allowed', detail }],
  })
}
