export type Tone = 'good' | 'bad' | 'busy' | 'calm'

const tones: Readonly<Record<string, Tone>> = {
  ready: 'good',
  succeeded: 'good',
  completed: 'good',
  delivered: 'good',
  ok: 'good',
  failed: 'bad',
  load_failed: 'bad',
  crash_looping: 'bad',
  unserved: 'bad',
  expired: 'bad',
  unavailable: 'bad',
  exhausted: 'bad',
  gone: 'bad',
  processing: 'busy',
  loading: 'busy',
  in_progress: 'busy',
  finalizing: 'busy',
  pending: 'busy',
  degraded: 'busy',
}

/** A status in its own words, with a dot of its colour. */
export function Badge({ status, tone }: { status: string; tone?: Tone }) {
  return <span class={`badge badge-${tone ?? tones[status] ?? 'calm'}`}>{status.replaceAll('_', ' ')}</span>
}
