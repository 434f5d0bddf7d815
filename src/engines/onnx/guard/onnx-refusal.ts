/** Why a file is not shown to ONNX Runtime. Codes are stable: users alert on them. */
export type OnnxCode =
  /** No ONNX file, or cut off. */
  | 'ONNX_UNREADABLE'
  /** More bytes, parts or nesting than is read; or numbers that it names without holding them. */
  | 'ONNX_TOO_LARGE'
  /** Its weights lie in another file. */
  | 'ONNX_EXTERNAL_DATA'
  /** Functions, training, sparse weights, an unknown domain, chance. */
  | 'ONNX_OPERATOR_UNSUPPORTED'
  /** A tensor whose dimensions, type and values do not go together. */
  | 'ONNX_SHAPE_INVALID'
  /** It contradicts itself, or can be read in two ways. */
  | 'ONNX_INVALID';

export interface OnnxRefusal {
  readonly code: OnnxCode;
  readonly message: string;
}

/** A refusal on its way to whoever tells it as a value. */
export class OnnxRefused extends Error {
  constructor(
    readonly code: OnnxCode,
    message: string,
  ) {
    super(message);
  }
}
