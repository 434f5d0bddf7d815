/**
 * What half precision does to each operator of ONNX. Three ways, as in mixed-precision training: where the time goes, in
 * half; what sums, exponentiates or decides, in full; what only moves or maps numbers, as wide as the widest it reads. An
 * operator that is on no list stays in full.
 */

/** Sums of products, which accelerators accumulate in FP32: the work of a net, and nearly all of its weights. */
export const LAYERS: ReadonlySet<string> = new Set([
  ...['MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'Einsum'],
  ...['LSTM', 'GRU', 'RNN'],
]);

/** Layers that may end a net. A recurrent one in half costs less than its output's rounding. */
export const HEADS: ReadonlySet<string> = new Set(['MatMul', 'Gemm', 'Conv', 'ConvTranspose']);

export const FOLLOWERS: ReadonlySet<string> = new Set([
  // Moves.
  ...[
    'Identity',
    'Reshape',
    'Transpose',
    'Flatten',
    'Squeeze',
    'Unsqueeze',
    'Expand',
    'Tile',
    'Pad',
    'Cast',
    'Dropout',
  ],
  ...['Gather', 'GatherElements', 'GatherND', 'ScatterElements', 'ScatterND', 'Compress', 'Where', 'Trilu'],
  ...['Slice', 'Split', 'Concat', 'ReverseSequence', 'DepthToSpace', 'SpaceToDepth', 'Resize'],
  // Maps, one number or two to one.
  ...['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Abs', 'Sign', 'Floor', 'Ceil', 'Round', 'Clip'],
  ...['Relu', 'LeakyRelu', 'PRelu', 'ThresholdedRelu', 'Elu', 'Selu', 'Gelu', 'Erf'],
  ...['Sigmoid', 'Tanh', 'HardSigmoid', 'HardSwish', 'Softsign'],
  // Picks, without a sum.
  ...['MaxPool', 'GlobalMaxPool', 'ReduceMax', 'ReduceMin'],
]);

const SUMS = 'sums many numbers: in FP16 it overflows past 65504 and loses small addends';
const EXPONENTS = 'its result has another exponent than its argument: in FP16 it overflows or vanishes';
const DECIDES = 'decides by comparing: a rounded number may decide otherwise';
const PLAIN = 'has no FP16 form that every provider knows';
const BODY = 'runs a body of its own';

/** Operators that stay in full, and why. */
export const FULL: ReadonlyMap<string, string> = new Map([
  ...because(SUMS, 'Softmax', 'LogSoftmax', 'Hardmax', 'ReduceSum', 'ReduceMean', 'ReduceL1', 'ReduceL2', 'ReduceProd'),
  ...because(SUMS, 'ReduceSumSquare', 'ReduceLogSum', 'ReduceLogSumExp', 'CumSum', 'Sum', 'Mean'),
  ...because(SUMS, 'AveragePool', 'GlobalAveragePool', 'LpPool', 'GlobalLpPool', 'LRN'),
  ...because(SUMS, 'LayerNormalization', 'InstanceNormalization', 'GroupNormalization', 'BatchNormalization'),
  ...because(SUMS, 'RMSNormalization', 'LpNormalization', 'MeanVarianceNormalization', 'Attention'),
  ...because(EXPONENTS, 'Pow', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Softplus', 'Mish', 'Sinh', 'Cosh'),
  ...because(DECIDES, 'ArgMax', 'ArgMin', 'TopK', 'NonZero', 'NonMaxSuppression', 'IsInf', 'IsNaN'),
  ...because(DECIDES, 'Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'),
  ...because(
    PLAIN,
    'Min',
    'Max',
    'Range',
    'OneHot',
    'EyeLike',
    'Upsample',
    'RoiAlign',
    'TfIdfVectorizer',
    'CastLike',
    'Celu',
  ),
  ...because(PLAIN, 'QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear', 'MelWeightMatrix'),
  ...because(
    PLAIN,
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
    'Multinomial',
    'Bernoulli',
  ),
  ...because(BODY, 'If', 'Loop', 'Scan', 'SequenceMap'),
]);

export const UNKNOWN = 'is not known to keep its meaning in FP16';
export const HEAD = 'is the last layer: what it rounds, the answer shows';
export const ASKED = 'is asked to stay in FP32';
export const VANISHING = 'divides by a number that FP16 takes for zero';

/** Inputs that are FP32 by the standard or by ONNX Runtime, whatever the rest of the node is. */
const FULL_INPUTS: ReadonlyMap<string, readonly number[]> = new Map([
  ['Resize', [1, 2]], // roi, scales
  ['Dropout', [1]], // ratio
]);

/** @returns whether a node in half takes this input in full */
export function takesFull(operator: string, input: number): boolean {
  return FULL_INPUTS.get(operator)?.includes(input) ?? false;
}

/** Operators that ask a tensor for something that its precision does not change. */
export const INDIFFERENT: ReadonlySet<string> = new Set(['Shape', 'Size']);

function because(reason: string, ...operators: readonly string[]): [string, string][] {
  return operators.map((operator) => [operator, reason]);
}
