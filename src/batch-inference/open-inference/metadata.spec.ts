import { expect, it } from 'vitest';
import type { ActiveModel } from '../../domain/model.js';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import { modelConfig, modelMetadata, serverMetadata } from './metadata.js';

const features = ['a', 'b'].map((name) => ({ name, mean: 0, std: 1, importance: 0 }));
const model: ActiveModel = {
  ...{ name: 'gbt', version: '1.1.0', file: '', timeframes: ['1m'], window: 1, ...CLASSIFIER },
  ...{ input: 'features', output: 'probabilities', variant: { engine: 'tree' }, features },
};
const sequence: ActiveModel = {
  ...{ ...model, name: 'tcn', window: 16, dtype: { input: 'float64', output: 'float64' } },
  variant: { engine: 'onnx', provider: 'cpu', precision: 'full' },
};

it('a server names the extensions that it has whole', () => {
  expect(serverMetadata('0.1.0')).toMatchObject({ name: 'alphapulse', version: '0.1.0' });
  expect(serverMetadata('0.1.0')['extensions']).toContain('binary_tensor_data');
});

it('a model shows the names of its manifest, and -1 where rows are counted', () => {
  expect(modelMetadata(model, [{ ...model, version: '1.0.0' }, model])).toEqual({
    ...{ name: 'gbt', versions: ['1.0.0', '1.1.0'], platform: 'alphapulse_trees' },
    inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }],
  });
  expect(modelMetadata(sequence, [sequence])).toMatchObject({
    ...{ platform: 'onnxruntime_onnx', inputs: [{ datatype: 'FP64', shape: [-1, 16, 2] }] },
  });
});

it('its configuration has the dimensions of one row', () => {
  expect(modelConfig(sequence, 4096)).toMatchObject({
    ...{ name: 'tcn', max_batch_size: 4096, backend: 'onnxruntime' },
    input: [{ name: 'features', data_type: 'TYPE_FP64', dims: [16, 2] }],
    output: [{ name: 'probabilities', data_type: 'TYPE_FP64', dims: [3] }],
  });
});
