import { z } from 'zod'
import { elementRules } from '../tensors/element-rule.js'
import { checkPipeline, pipelineFiles, pipelineSchema } from './pipeline-spec.js'
import type { Report } from './pipelines/report.js'
import { verificationSettings } from '../verification/tolerances.js'
import { relativePath } from './relative-path.js'

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

/**
 * A number fixes a dimension, a name (such as `N`) leaves it open. The first axis, where it is open, is the batch axis.
 * A shape of null leaves even the number of dimensions open.
 */
const tensorSpec = z.strictObject({
  // A property of this name is no property like others.
  name: z
    .string()
    .min(1)
    .max(1024)
    .refine((name) => name !== '__proto__', 'must be another name')
    .describe("The tensor's name in the ONNX file."),
  type: z.enum(elementTypes).describe('Its element type.'),
  shape: z
    .array(z.union([z.int().min(0), z.string().min(1).max(1024)]))
    .max(64)
    .nullable()
    .describe(
      'Its dimensions: a number is fixed, a name such as `"N"` is open; the first, where it is open, is the batch. `null` where the file leaves even their number open.',
    ),
})
export type TensorSpec = z.infer<typeof tensorSpec>

/** What a session can compute on. The order is the one that documentation lists them in. */
export const executionProviders = ['cpu', 'cuda', 'webgpu', 'coreml', 'directml'] as const
export type ExecutionProvider = (typeof executionProviders)[number]

const serving = z
  .strictObject({
    instances: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Runners that each worker starts for this version.'),
    threads: z
      .int()
      .min(1)
      .max(256)
      .optional()
      .describe(
        'Threads that one run uses inside ONNX Runtime. Left out: the cores divided by `instances`, 8 at most.',
      ),
    providers: z
      .array(z.enum(executionProviders))
      .min(1)
      .optional()
      .describe("Execution providers, tried in this order. Left out: those of the worker's settings."),
    memoryMb: z
      .int()
      .min(128)
      .max(16_777_216)
      .optional()
      .describe(
        "Memory that a runner of its own may hold, in MiB. Left out: the limit of the worker's settings.",
      ),
    timeoutSeconds: z
      .number()
      .positive()
      .max(86_400)
      .default(30)
      .describe('A micro-batch that runs longer is killed.'),
    batching: z
      .strictObject({
        maxSize: z
          .int()
          .min(1)
          .max(4096)
          .default(1)
          .describe('Most predictions joined into one run; where they hold several rows each, most rows.'),
        maxDelayMs: z
          .number()
          .min(0)
          .max(10_000)
          .default(2)
          .describe('Longest that a prediction waits for others to join it, while others keep arriving.'),
        padding: z
          .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
          .optional()
          .describe(
            'By input name, what fills up its open dimensions at their ends, so that predictions of unequal lengths can be joined. Inputs that are not named are joined only where their shapes agree. Outputs are cut back in the dimensions that carry the same names.',
          ),
      })
      .prefault({})
      .describe('How predictions are joined into one run.'),
  })
  .prefault({})
export type ServingSettings = z.infer<typeof serving>

/** Where a file that is not in the folder is fetched from. */
const fileUrl = z
  .string()
  .max(2048)
  .regex(
    /^(https:\/\/[^/@\s]+\/\S*|s3:\/\/[a-z0-9][a-z0-9.-]+\/\P{Cc}+)$/u,
    'must be an https:// or s3://bucket/key URL',
  )

const file = z.strictObject({
  path: relativePath.describe('Where it lies, relative to the version folder.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits, in lower case')
    .describe('Its digest, in hexadecimal.'),
  url: fileUrl
    .optional()
    .describe('Where it is fetched from when it is not in the folder: `https://…` or `s3://bucket/key`.'),
})

const maxTensors = 4096
const maxFiles = 10_000

const manifestFields = z.strictObject({
  description: z.string().max(2000).default('').describe('What the version is, for people.'),
  inputs: z
    .array(tensorSpec)
    .max(maxTensors)
    .describe("The model's input tensors, all of those that have no default value."),
  outputs: z.array(tensorSpec).min(1).max(maxTensors).describe('Its output tensors, those that are wanted.'),
  pipeline: pipelineSchema.describe('How a request becomes tensors and tensors become an answer; see below.'),
  baseline: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Label of the version of the same model that this one is an optimisation of. A version with a baseline never becomes stable by itself.',
    ),
  files: z
    .array(file)
    .min(1)
    .max(maxFiles)
    .describe(
      'The files of the version. `model.onnx`, its external data and what the pipeline names must be listed.',
    ),
  example: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'An input to try the version with. It is run when the version is loaded; a version whose example fails is not served.',
    ),
  serving: serving.describe('How the version is run. Outside its id: it can be tuned in place.'),
  verification: verificationSettings
    .optional()
    .describe('What the version is verified with and judged by. Outside its id.'),
})
export type Manifest = z.infer<typeof manifestFields>
/** A manifest as it is written: fields with a default may be left out. */
export type ManifestInput = z.input<typeof manifestFields>

/** What `models/<name>/<label>/manifest.json` may say. `models/README.md` explains each field. */
export const manifestSchema = manifestFields.superRefine((manifest, context) => {
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message })
  checkNames(manifest, report)
  checkFiles(manifest, report)
  checkPadding(manifest, report)
  checkPipeline(manifest, report)
})

function checkNames(manifest: Manifest, report: Report): void {
  for (const field of ['inputs', 'outputs'] as const) {
    const names = manifest[field].map(({ name }) => name)
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
    if (twice !== -1) report([field, twice, 'name'], 'is declared twice')
  }
}

function checkPadding({ inputs, serving: { batching } }: Manifest, report: Report): void {
  for (const [name, value] of Object.entries(batching.padding ?? {})) {
    const spec = inputs.find((input) => input.name === name)
    const rule = spec && elementRules[spec.type]
    const path = ['serving', 'batching', 'padding', name]
    if (!rule) report(path, 'is no input of the model')
    else if (!rule.accepts(value)) report(path, rule.message)
  }
}

function checkFiles({ files, pipeline }: Manifest, report: Report): void {
  const paths = files.map(({ path }) => path)
  for (const path of ['model.onnx', ...pipelineFiles(pipeline)])
    if (!paths.includes(path)) report(['files'], `${path} is missing from the list`)
  const twice = paths.findIndex((path, index) => paths.indexOf(path) !== index)
  if (twice !== -1) report(['files', twice, 'path'], 'is listed twice')
}
