import type { QueryExtensions, QueryModel } from './query-request';

/** SOP classes of C-FIND (PS3.4 C.6.1.3, C.6.2.3, K.6.1.4). */
export const FIND_SOP_CLASS: Readonly<Record<QueryModel, string>> = {
  patient: '1.2.840.10008.5.1.4.1.2.1.1',
  study: '1.2.840.10008.5.1.4.1.2.2.1',
  worklist: '1.2.840.10008.5.1.4.31',
};

/** In this order in the information of the extended negotiation (PS3.4 Table C.5.1-1). */
const EXTENSIONS = ['relational', 'combinedDateTime', 'fuzzy'] as const;

/** What is to be negotiated; undefined: nothing. A worklist has the third one only, and ones before it (PS3.4 K.5). */
export function extendedInformation(model: QueryModel, wished: QueryExtensions): Buffer | undefined {
  if (!wishesOf(model, wished).length) return undefined;
  const bytes = EXTENSIONS.map((name) => Number(wished[name] || (model === 'worklist' && name !== 'fuzzy')));
  return Buffer.from(bytes);
}

/** What was wished and is not in the answer. @param answer undefined: there is none */
export function notNegotiated(
  model: QueryModel,
  wished: QueryExtensions,
  answer: Buffer | undefined,
): string[] {
  return wishesOf(model, wished).filter((name) => answer?.[EXTENSIONS.indexOf(name)] !== 1);
}

function wishesOf(model: QueryModel, wished: QueryExtensions): (typeof EXTENSIONS)[number][] {
  return EXTENSIONS.filter((name) => wished[name] && (model !== 'worklist' || name === 'fuzzy'));
}
