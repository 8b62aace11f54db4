import { printable } from '../../basics';
import { isPlainUid } from '../../dicom';
import { REPORT_SYNTAXES } from '../dimse';
import {
  APPLICATION_CONTEXT,
  type AssociateRequest,
  COMMITMENT_SOP_CLASS,
  type ContextAnswer,
  ContextResult,
  DEFAULT_TRANSFER_SYNTAX,
  type ProposedContext,
  type Rejection,
  VERIFICATION_SOP_CLASS,
} from '../upper-layer';

/** Who may call and what is accepted. The receiver fills this in from the node's settings. */
export interface AssociationPolicy {
  ourAET: string;
  /** Further AE titles of ours. */
  alsoCalledAETs?: readonly string[];
  /** Reject callers that ask for an AE title that is none of ours. */
  checkCalledAET: boolean;
  /** Calling AE titles in upper case, or `any`. */
  callingAETs: ReadonlySet<string> | 'any';
  /** True for a caller that may report on storage commitment. Undefined: nobody may. */
  mayReportCommitment?(callingAET: string): boolean;
  /** SOP classes beside those of objects whose requests are answered: of queries and procedure steps. Undefined: none. */
  answeredClasses?: ReadonlySet<string>;
  maxAssociations: number;
  acceptUnknownSopClasses: boolean;
  isStorageSopClass(uid: string): boolean;
  /** Transfer syntaxes in our order of preference; empty: all, in the sender's order. */
  transferSyntaxes: readonly string[];
}

export type AssociationDecision =
  { accepted: true; contexts: ContextAnswer[] } | { accepted: false; rejection: Rejection };

/**
 * Decides about an A-ASSOCIATE-RQ, in the order protocol version, application context, called, calling AE title, limit,
 * so that the caller hears of what is wrong with the request before it hears of our load (PS3.8 9.3.4).
 */
export function decideAssociation(
  request: AssociateRequest,
  policy: AssociationPolicy,
  openAssociations: number,
): AssociationDecision {
  const rejection =
    checkProtocol(request) ?? checkTitles(request, policy) ?? checkLimit(policy, openAssociations);
  if (rejection !== undefined) return { accepted: false, rejection };
  const reports = mayReport(request, policy);
  const contexts = request.contexts.map((context) => answerContext(context, policy, reports));
  return { accepted: true, contexts };
}

function checkProtocol(request: AssociateRequest): Rejection | undefined {
  if ((request.protocolVersion & 1) === 0) {
    return {
      result: 1,
      source: 2,
      reason: 2,
      text: 'the caller does not offer protocol version 1, the only one there is',
    };
  }
  if (request.applicationContext !== APPLICATION_CONTEXT) {
    return {
      result: 1,
      source: 1,
      reason: 2,
      text: 'the caller names an application context other than that of DICOM',
    };
  }
  return undefined;
}

function checkTitles(request: AssociateRequest, policy: AssociationPolicy): Rejection | undefined {
  if (policy.checkCalledAET && !isOurs(request.calledAET, policy)) {
    return {
      result: 1,
      source: 1,
      reason: 7,
      text: `called AE title "${printable(request.calledAET)}" is not one of this node (${ourTitles(policy)}): correct it at the sender, or add it to the node`,
    };
  }
  if (policy.callingAETs !== 'any' && !policy.callingAETs.has(request.callingAET.toUpperCase())) {
    return {
      result: 1,
      source: 1,
      reason: 3,
      text: `calling AE title "${printable(request.callingAET)}" is not in the list of allowed callers: add it there`,
    };
  }
  return undefined;
}

function isOurs(title: string, { ourAET, alsoCalledAETs = [] }: AssociationPolicy): boolean {
  const called = title.toUpperCase();
  return [ourAET, ...alsoCalledAETs].some((ours) => ours.toUpperCase() === called);
}

/** As many as an operator reads in a log line. */
const TITLES_NAMED = 5;
function ourTitles({ ourAET, alsoCalledAETs = [] }: AssociationPolicy): string {
  const titles = [ourAET, ...alsoCalledAETs].map((title) => `"${title}"`);
  const named = titles.slice(0, TITLES_NAMED).join(', ');
  return titles.length > TITLES_NAMED ? `${named} and ${titles.length - TITLES_NAMED} more` : named;
}

function checkLimit(policy: AssociationPolicy, openAssociations: number): Rejection | undefined {
  if (openAssociations < policy.maxAssociations) return undefined;
  return {
    result: 2,
    source: 3,
    reason: 2,
    text: `${policy.maxAssociations} associations are open already, which is the limit`,
  };
}

/** Reports come from the SCP of storage commitment, which says that it is one (PS3.4 J.3.3.1.3). */
function mayReport({ callingAET, roles }: AssociateRequest, policy: AssociationPolicy): boolean {
  const isScp = roles.some(({ sopClass, scp }) => sopClass === COMMITMENT_SOP_CLASS && scp);
  return isScp && policy.mayReportCommitment?.(callingAET) === true;
}

/** @param reports the caller may report on storage commitment */
function answerContext(context: ProposedContext, policy: AssociationPolicy, reports: boolean): ContextAnswer {
  const refuse = (result: ContextResult): ContextAnswer => ({
    ...context,
    result,
    // Not significant (PS3.8 9.3.3.2), but it has to be one: that of the sender, unless it is none.
    transferSyntax: context.transferSyntaxes.find(isPlainUid) ?? DEFAULT_TRANSFER_SYNTAX,
  });
  const { abstractSyntax } = context;
  const isReport = reports && abstractSyntax === COMMITMENT_SOP_CLASS;
  const isPlain = isReport || policy.answeredClasses?.has(abstractSyntax) === true;
  const isAccepted =
    isPlain || abstractSyntax === VERIFICATION_SOP_CLASS || acceptsStorageOf(abstractSyntax, policy);
  if (!isAccepted) {
    return refuse(ContextResult.abstractSyntaxNotSupported);
  }
  const transferSyntax = isPlain ? plainSyntax(context) : chooseTransferSyntax(context, policy);
  if (transferSyntax === undefined) return refuse(ContextResult.transferSyntaxesNotSupported);
  return { ...context, result: ContextResult.accept, transferSyntax, ...(isReport && { peerIsScp: true }) };
}

/** DICOM's own UIDs that are no storage class are services we do not offer; others may be private storage classes. */
export function acceptsStorageOf(uid: string, policy: AssociationPolicy): boolean {
  if (policy.isStorageSopClass(uid)) return true;
  return policy.acceptUnknownSopClasses && isPlainUid(uid) && !isKnownOtherService(uid);
}

/**
 * Standard SOP classes under the storage root count as storage even where this dictionary does not know them yet;
 * query, worklist, print and the like stand under other roots (PS3.6 Annex A).
 */
const STANDARD_ROOT = '1.2.840.10008.';
const STORAGE_ROOT = '1.2.840.10008.5.1.4.1.1.';
function isKnownOtherService(uid: string): boolean {
  return uid.startsWith(STANDARD_ROOT) && !uid.startsWith(STORAGE_ROOT);
}

function chooseTransferSyntax(context: ProposedContext, policy: AssociationPolicy): string | undefined {
  const proposed = context.transferSyntaxes;
  if (policy.transferSyntaxes.length === 0 || context.abstractSyntax === VERIFICATION_SOP_CLASS) {
    return proposed.find(isPlainUid);
  }
  return policy.transferSyntaxes.find((uid) => proposed.includes(uid));
}

/** Settings about objects do not concern reports, queries and procedure steps. */
function plainSyntax({ transferSyntaxes }: ProposedContext): string | undefined {
  return transferSyntaxes.find((uid) => REPORT_SYNTAXES.includes(uid));
}
