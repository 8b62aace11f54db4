import { cannotBuild } from './build-errors';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The attributes that a message gives: `Tags` of a DicomMessage, else its `CommonFields`; otherwise it is a plain object of
 * keywords or tags itself.
 * @throws DicomError `cannot-build`
 */
export function givenAttributes(json: unknown): JsonObject {
  if (!isObject(json))
    throw cannotBuild('an object with attributes by keyword is expected, or a DicomMessage');
  for (const section of ['Tags', 'CommonFields']) {
    const given = json[section];
    if (given === undefined) continue;
    if (!isObject(given)) throw cannotBuild(`${section} is an object with attributes by keyword or tag`);
    return given;
  }
  if (json['Report'] !== undefined)
    throw cannotBuild('a Report alone has not all attributes of its object; include Tags');
  return json;
}

/** Does it look like the sections of a DicomMessage? */
export function isDicomMessage(json: unknown): boolean {
  return isObject(json) && ['Tags', 'CommonFields', 'Report'].some((section) => Object.hasOwn(json, section));
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof Uint8Array);
}
