export { convertSampleFile, type SampleProblem } from './sample-host';
export { builtInSample, SAMPLE_ID, sampleMessage } from './sample';
