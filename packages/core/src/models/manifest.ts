import { z } from 'zod'

/** Tensor element types that ONNX Runtime takes from and gives to JavaScript. */
export const elementTypes = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const
export type ElementType = (typeof elementTypes)[number]

/** A number fixes a dimension, a name (such as `N`) leaves it open. The first axis is the batch axis. */
const tensorSpec = z.strictObject({
  name: z.string().min(1),
  type: z.enum(elementTypes),
  shape: z.array(z.union([z.int().min(0), z.string().min(1)])),
})
export type TensorSpec = z.infer<typeof tensorSpec>

/** A file's path inside its version's folder: relative, forward slashes, nothing hidden, no way up. */
const relativePath = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/,
    'must be a path inside the version folder',
  )

const imageClassification = z.strictObject({
  name: z.literal('image-classification'),
  image: z.strictObject({
    width: z.int().min(1).max(4096),
    height: z.int().min(1).max(4096),
    channels: z.union([z.literal(1), z.literal(3)]),
    /** What the model was trained on: `light` ink on dark, or `dark` ink on light. Leave out for photographs. */
    ink: z.enum(['light', 'dark']).optional(),
    /** `auto` inverts an image whose border shows the other polarity; `fixed` never does. */
    polarity: z.enum(['auto', 'fixed']).default('fixed'),
  }),
  /** Lets callers send width × height × channels numbers from 0 to `maximum` in place of an image. */
  pixels: z.strictObject({ maximum: z.number().positive() }).optional(),
  normalise: z
    .strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) })
    .default({ mean: [0], std: [1] }),
  activation: z.enum(['softmax', 'none']).default('softmax'),
  labels: relativePath,
  topK: z.int().min(1).default(5),
})

/** Tensors in, tensors out, by the names of the model. */
const tensors = z.strictObject({ name: z.literal('tensors') })

/** The user's own `preprocess` and `postprocess`, exported by a file of the version's folder. */
const ownModule = z.strictObject({ name: z.literal('module'), path: relativePath })

const pipelineSchema = z.discriminatedUnion('name', [imageClassification, tensors, ownModule])
export type PipelineSpec = z.infer<typeof pipelineSchema>
export type ImageClassificationSpec = z.infer<typeof imageClassification>

const serving = z
  .strictObject({
    /** Runners that each worker starts for this version. */
    instances: z.int().min(1).max(64).default(1),
    /** Threads that one run uses inside ONNX Runtime. */
    threads: z.int().min(1).max(256).default(1),
    /** A micro-batch that runs longer is killed. */
    timeoutSeconds: z.number().positive().max(86_400).default(30),
    batching: z
      .strictObject({
        /** Most predictions joined into one run. */
        maxSize: z.int().min(1).max(4096).default(1),
        /** Longest that a prediction waits for others to join it, while others keep arriving. */
        maxDelayMs: z.number().min(0).max(10_000).default(2),
      })
      .prefault({}),
  })
  .prefault({})
export type ServingSettings = z.infer<typeof serving>

const manifestFields = z.strictObject({
  description: z.string().max(2000).default(''),
  inputs: z.array(tensorSpec).min(1),
  outputs: z.array(tensorSpec).min(1),
  pipeline: pipelineSchema,
  baseline: z.string().min(1).optional(),
  files: z.array(z.strictObject({ path: relativePath, sha256: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
  example: z.record(z.string(), z.json()).optional(),
  serving,
  verification: z.record(z.string(), z.json()).optional(),
})
export type Manifest = z.infer<typeof manifestFields>
/** A manifest as it is written: fields with a default may be left out. */
export type ManifestInput = z.input<typeof manifestFields>

type Report = (path: (string | number)[], message: string) => void

/** What `models/<name>/<label>/manifest.json` may say. `models/README.md` explains each field. */
export const manifestSchema = manifestFields.superRefine((manifest, context) => {
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message })
  checkNames(manifest, report)
  checkFiles(manifest, report)
  if (manifest.pipeline.name === 'image-classification') checkImages(manifest, manifest.pipeline, report)
})

/** The output of an image classifier that holds a score for each class, and how many classes there are. */
export function classScores(
  manifest: Pick<Manifest, 'outputs'>,
): { name: string; classes: number } | undefined {
  for (const { name, type, shape } of manifest.outputs) {
    const classes = shape.at(-1)
    if (type === 'float32' && shape.length === 2 && typeof classes === 'number') return { name, classes }
  }
  return undefined
}

function checkNames(manifest: Manifest, report: Report): void {
  for (const field of ['inputs', 'outputs'] as const) {
    const names = manifest[field].map(({ name }) => name)
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
    if (twice !== -1) report([field, twice, 'name'], 'is declared twice')
  }
}

function checkFiles({ files, pipeline }: Manifest, report: Report): void {
  const paths = files.map(({ path }) => path)
  const needed = ['model.onnx']
  if (pipeline.name === 'image-classification') needed.push(pipeline.labels)
  if (pipeline.name === 'module') needed.push(pipeline.path)
  for (const path of needed) if (!paths.includes(path)) report(['files'], `${path} is missing from the list`)
  const twice = paths.findIndex((path, index) => paths.indexOf(path) !== index)
  if (twice !== -1) report(['files', twice, 'path'], 'is listed twice')
}

function checkImages(
  manifest: Manifest,
  { image, normalise }: ImageClassificationSpec,
  report: Report,
): void {
  const [input, ...others] = manifest.inputs
  if (input?.type !== 'float32' || others.length > 0) report(['inputs'], 'must be one float32 tensor')
  if (!classScores(manifest)) report(['outputs'], 'need a float32 tensor of shape [batch, number of classes]')
  if (image.polarity === 'auto' && !image.ink)
    report(['pipeline', 'image', 'ink'], 'is needed by polarity "auto"')
  for (const field of ['mean', 'std'] as const) {
    if (normalise[field].length !== 1 && normalise[field].length !== image.channels) {
      report(['pipeline', 'normalise', field], 'must hold one number, or one for each channel')
    }
  }
}
