import { guardModel } from '../../engines/onnx/onnx-guard.js';
import type { OnnxModel } from '../../engines/onnx/onnx-proto.js';
import { ImportRefused } from './import-refused.js';
import type { Imported, ImportOptions } from './imported.js';
import { importLightgbm, looksLikeLightgbm } from './lightgbm/lightgbm.js';
import { importXgboost, looksLikeXgboost } from './xgboost/xgboost.js';

export const SOURCE_LIMIT_BYTES = 256 * 1024 * 1024;

export type Recognised = { readonly imported: Imported } | { readonly onnx: OnnxModel };

/**
 * What a source file is, by its content alone.
 * @throws ImportRefused
 */
export function recognise(bytes: Uint8Array, options: ImportOptions): Recognised {
  if (bytes.length > SOURCE_LIMIT_BYTES)
    throw new ImportRefused(
      'SOURCE_TOO_LARGE',
      `the file has ${bytes.length} bytes, at most ${SOURCE_LIMIT_BYTES} are read`,
    );
  if (bytes.length === 0) throw new ImportRefused('SOURCE_INVALID', 'the file is empty');
  if (looksLikeLightgbm(bytes)) return { imported: importLightgbm(bytes) };
  if (looksLikeXgboost(bytes)) return { imported: importXgboost(bytes, options) };
  const guarded = guardModel(bytes);
  if ('model' in guarded) return { onnx: guarded.model };
  if (guarded.code !== 'ONNX_UNREADABLE')
    throw new ImportRefused('SOURCE_INVALID', `${guarded.code}: ${guarded.message}`);
  const known = 'a LightGBM text model, an XGBoost JSON or UBJSON model, or an ONNX file';
  throw new ImportRefused('FORMAT_UNKNOWN', `this is neither ${known}; other frameworks go through training/export`);
}
