import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fisherExact } from './fisher.js'
import { mcnemarExact } from './mcnemar.js'
import { normalCdf, normalQuantile } from './normal.js'
import {
  differenceInterval,
  differenceP,
  sampleSizePerArm,
  twoProportionTest,
  wilsonInterval,
} from './proportion.js'

// Reference values: SciPy 1.17.1 (`norm`) and statsmodels 0.15.0 (`proportion_confint` with `wilson`,
// `confint_proportions_2indep` with `newcomb`, `proportions_ztest`, `mcnemar` with `exact=True`).

test.each([
  [-3.2, 0.0006871379379158471],
  [-1, 0.15865525393145707],
  [0, 0.5],
  [0.5, 0.6914624612740131],
  [1.96, 0.9750021048517795],
  [4, 0.9999683287581669],
])('the normal distribution function at %d is that of SciPy', (z, p) => {
  expect(normalCdf(z)).toBeCloseTo(p, 14)
})

test.each([
  [0.001, -3.090232306167813],
  [0.025, -1.9599639845400545],
  [0.3, -0.5244005127080409],
  [0.5, 0],
  [0.8, 0.8416212335729143],
  [0.9999, 3.719016485455709],
])('the normal quantile of %d is that of SciPy', (p, z) => {
  expect(normalQuantile(p)).toBeCloseTo(z, 10)
})

test.each([
  [448, 450, 0.9839417049521096, 0.9987803256859239],
  [0, 10, 0, 0.27753279986288926],
  [10, 10, 0.7224672001371106, 1],
  [1, 29, 0.006113214292762667, 0.17175521879320294],
  [81, 263, 0.2552885198782742, 0.36620957698280004],
  [15, 148, 0.06238639953073628, 0.16048724172330803],
])('the Wilson interval of %d of %d is that of statsmodels', (hits, count, low, high) => {
  const interval = wilsonInterval({ hits, count })
  expect(interval.low).toBeCloseTo(low, 12)
  expect(interval.high).toBeCloseTo(high, 12)
})

test.each([
  [30, 200, 50, 210, -2.249919831824958, 0.024454034789014437, -0.16345681919262472, -0.011242621481592649],
  [5, 1000, 4, 900, 0.1760996654682321, 0.860215643736096, -0.006939705732390774, 0.0077392304282776995],
  [
    450, 500, 480, 500, -3.718182996118764, 0.00020066089381932887, -0.09256544340099329,
    -0.028633970571394045,
  ],
  [100, 100, 99, 100, 1.0025094142341715, 0.31609762202891234, -0.027898470739711842, 0.054486196178705426],
])(
  '%d of %d beside %d of %d: test and interval are those of statsmodels',
  (hitsA, countA, hitsB, countB, z, p, low, high) => {
    const [a, b] = [
      { hits: hitsA, count: countA },
      { hits: hitsB, count: countB },
    ]
    expect(twoProportionTest(a, b).z).toBeCloseTo(z, 10)
    expect(twoProportionTest(a, b).p).toBeCloseTo(p, 10)
    expect(differenceInterval(a, b).low).toBeCloseTo(low, 10)
    expect(differenceInterval(a, b).high).toBeCloseTo(high, 10)
  },
)

test('arms that never differ are not told apart', () => {
  const none = { hits: 0, count: 50 }
  expect(twoProportionTest(none, none)).toEqual({ z: 0, p: 1 })
  expect(differenceInterval(none, none).high).toBeCloseTo(0.07134759913335874, 10)
})

test.each([
  [0, 0, 1],
  [1, 0, 1],
  [5, 1, 0.21875],
  [10, 2, 0.03857421875],
  [0, 6, 0.03125],
  [121, 59, 4.4344492637551645e-6],
  [3, 3, 1],
  [400, 460, 0.04416954819458914],
])('McNemar of %d against %d is that of statsmodels', (onlyFirst, onlySecond, p) => {
  expect(mcnemarExact({ onlyFirst, onlySecond })).toBeCloseTo(p, 10)
})

// `scipy.stats.fisher_exact`.
test.each([
  [0, 300, 1, 30, 0.09090909090909091],
  [3, 20, 10, 20, 0.040742395024931176],
  [0, 50, 0, 50, 1],
  [8, 10, 1, 6, 0.034965034965034975],
  [1000, 1010, 90, 100, 1.96432105056898e-6],
  [5, 1000, 20, 1000, 0.0038590206248560925],
])('Fisher of %d of %d against %d of %d is that of SciPy', (hitsA, countA, hitsB, countB, p) => {
  const [a, b] = [
    { hits: hitsA, count: countA },
    { hits: hitsB, count: countB },
  ]
  expect(fisherExact(a, b)).toBeCloseTo(p, 10)
})

test('one failure of thirty beside none of three hundred is no proof', () => {
  const [candidate, stable] = [
    { hits: 1, count: 30 },
    { hits: 0, count: 300 },
  ]
  expect(twoProportionTest(candidate, stable).p).toBeLessThan(0.01)
  expect(differenceP(candidate, stable)).toBeGreaterThan(0.05)
})

// Fleiss, Levin and Paik's formula, evaluated with SciPy's quantiles.
test.each([
  [0.9, 0.92, 3213],
  [0.5, 0.6, 388],
  [0.01, 0.02, 2319],
  [0.99, 0.98, 2319],
])('telling %d from %d takes %d trials of each arm', (a, b, size) => {
  expect(sampleSizePerArm(a, b)).toBe(size)
})

test('every interval holds the share that it is the interval of', () => {
  const proportion = fc
    .tuple(fc.nat(1000), fc.nat(1000))
    .map(([x, y]) => ({ hits: Math.min(x, y), count: Math.max(x, y, 1) }))
  fc.assert(
    fc.property(proportion, proportion, (a, b) => {
      const own = wilsonInterval(a)
      expect(own.low).toBeLessThanOrEqual(a.hits / a.count)
      expect(own.high).toBeGreaterThanOrEqual(a.hits / a.count)
      const difference = a.hits / a.count - b.hits / b.count
      const { low, high } = differenceInterval(a, b)
      expect(low).toBeLessThanOrEqual(difference)
      expect(high).toBeGreaterThanOrEqual(difference)
      expect(low).toBeGreaterThanOrEqual(-1 - 1e-12)
      expect(high).toBeLessThanOrEqual(1 + 1e-12)
    }),
  )
})
