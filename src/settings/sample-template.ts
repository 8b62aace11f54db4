/** The largest file that a sample is made of, in bytes: it goes through the editor, and is held in memory. */
export const SAMPLE_FILE_LIMIT = 64 * 1024 * 1024;
/** The longest sample message, in characters of JSON: it is a part of the flow, which the editor loads and saves as a whole. */
export const SAMPLE_MESSAGE_LIMIT = 256 * 1024;

/** A message as a template has it: what is not there is made up when it is sent. */
export interface SampleTemplate {
  payload: unknown;
  topic?: unknown;
  dicom?: unknown;
}

/**
 * The message in `receivedMessageTemplate`; undefined for none. JSON with a `payload` is a whole message, any
 * other JSON is a payload: so are the templates of Integration Soup.
 * @throws SyntaxError when it is no JSON
 */
export function readSampleTemplate(text: string): SampleTemplate | undefined {
  if (text.trim() === '') return undefined;
  const json: unknown = JSON.parse(text);
  return isWholeMessage(json) ? json : { payload: json };
}

export function isWholeMessage(json: unknown): json is SampleTemplate {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && Object.hasOwn(json, 'payload');
}
