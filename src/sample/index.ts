export { convertSampleFile, type SampleOutcome, type SampleProblem } from './sample-host';
export { builtInSample, SAMPLE_ID, sampleMessage, type SampleSettings } from './sample';
