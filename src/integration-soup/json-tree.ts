/**
 * JSON as a tree that remembers what `JSON.parse` forgets: where everything stood, and numbers as they were written.
 * Keys are data of members, never properties of a JavaScript object, so `__proto__` is a key like any other.
 */

/** Where in the text it began, in UTF-16 units; 0 for what was not read. */
interface Placed {
  readonly offset: number;
}
export interface JsonMember extends Placed {
  readonly key: string;
  readonly value: JsonNode;
}
export type JsonObject = Placed & { readonly kind: 'object'; readonly members: readonly JsonMember[] };
export type JsonArray = Placed & { readonly kind: 'array'; readonly items: readonly JsonNode[] };
export type JsonString = Placed & { readonly kind: 'string'; readonly value: string };
/** `text`: as it was written, so that `1.0` and numbers beyond 2^53 survive. */
export type JsonNumber = Placed & { readonly kind: 'number'; readonly text: string };
export type JsonLiteral = Placed & { readonly kind: 'literal'; readonly value: boolean | null };
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonLiteral;

/** A member by key: an exact match, otherwise ignoring case, as the engine that wrote it does. */
export function memberOf(object: JsonObject, key: string): JsonMember | undefined {
  return (
    object.members.find((member) => member.key === key) ??
    object.members.find((member) => member.key.toLowerCase() === key.toLowerCase())
  );
}

/** The object with a member's value replaced where it stands, or with the member at its end. */
export function withMember(object: JsonObject, key: string, value: JsonNode): JsonObject {
  const old = memberOf(object, key);
  const members =
    old === undefined
      ? [...object.members, { key, value, offset: 0 }]
      : object.members.map((member) => (member === old ? { ...member, value } : member));
  return { ...object, members };
}
