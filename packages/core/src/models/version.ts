import type { Manifest } from './manifest.js'

/** 64 hexadecimal digits: the sha256 over a version's files and what decides its answers. */
export type VersionId = string

/** One immutable artefact of a model, as found in the model repository. */
export interface ModelVersion {
  id: VersionId
  /** `owner/name`. */
  model: string
  /** The version's folder name, for example `fp32`. */
  label: string
  manifest: Manifest
}

/** A version together with its folder in the model repository. Files that have a `url` may be missing in it. */
export interface FoundVersion extends ModelVersion {
  folder: string
}

/** A version together with the folder on this machine that holds all of its files. */
export interface LocalVersion extends ModelVersion {
  folder: string
}
