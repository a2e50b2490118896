import type { InputForm } from '../../predictions/prediction.js'
import type { Manifest } from '../manifest.js'

/** As long as the door to other hosts takes them. */
const longestUrl = 2048
const urlStart = /^https?:\/\//i

/** Properties of a version's input that take the URL of a file in place of its bytes. */
export function fileFields({ pipeline }: Pick<Manifest, 'pipeline'>, form: InputForm): readonly string[] {
  return form === 'pipeline' && pipeline.name === 'image-classification' ? ['image'] : []
}

/** Whether a text stands for a file that is somewhere else; base64 and data URIs never look like that. */
export function isFileUrl(value: unknown): value is string {
  return typeof value === 'string' && urlStart.test(value)
}

/** What keeps a URL from being looked at at all. */
export function findUrlProblem(url: string): string | undefined {
  return url.length > longestUrl ? `must not be longer than ${longestUrl} characters` : undefined
}
