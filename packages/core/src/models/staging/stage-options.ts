import type { ModelLimits } from '../check-file.js'
import type { DownloadSettings } from './download-file.js'

export interface StageProgress {
  /** Of all files that are fetched. */
  bytes: number
  /** undefined until every server has said how long its file is. */
  totalBytes: number | undefined
}

export interface StageOptions {
  dataDir: string
  limits: ModelLimits
  downloads: DownloadSettings
  /** While files are fetched, a few times a second at most. */
  onProgress?: (progress: StageProgress) => void
  signal?: AbortSignal
}
