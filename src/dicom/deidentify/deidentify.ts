import { isUnchangeable, type SourcePiece, sourceOfPieces } from '../change';
import { type DataSet, DataSetBuilder, isPlainUid, resolveVr, textOf, unpaddedEnd } from '../data-set';
import { type ByteSource, Cursor, encodeFileMeta, type Encoding, encodingOf, walkDataSet } from '../read';
import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  IMPLICIT_VR_LITTLE_ENDIAN,
  isKnownTransferSyntax,
  TAG,
  transferSyntax,
  VR,
} from '../standard';
import { Warnings } from '../warnings';
import { isNative } from '../write';
import { Rules } from './actions';
import { isReport, isWaveform } from './classes';
import { Cleaner, type Given } from './cleaner';
import { Identifiers, type PatientIdentity } from './identifiers';
import { judge } from './judge';
import { KeptBack } from './kept-back';
import { type DeidentifyOption, methodCodes, temporalInformation } from './options';
import { Output } from './output';
import { type AllowedWords, allowedWords } from './words';

/** How objects are de-identified: made once, used for many. */
export interface ProfileOptions {
  readonly options: readonly DeidentifyOption[];
  /** At least 16 bytes. */
  readonly secret: Buffer;
  /** What may stay in text that is cleaned. */
  readonly allowedWords: readonly string[];
  /** SOP classes that are passed if Burned In Annotation says NO. */
  readonly alsoPass: readonly string[];
}

export class Profile {
  readonly rules: Rules;
  readonly identifiers: Identifiers;
  readonly words: AllowedWords;
  readonly alsoPass: ReadonlySet<string>;

  constructor({ options, secret, allowedWords: words, alsoPass }: ProfileOptions) {
    this.rules = new Rules(new Set(options));
    this.identifiers = new Identifiers(secret);
    this.words = allowedWords(words);
    this.alsoPass = new Set(alsoPass);
  }
}

export interface DeidentifyRequest {
  /** That the data set is declared to have: not deflated, not big endian. */
  readonly transferSyntaxUID: string;
  /** Where in the source the data set begins. It ends where the source ends. */
  readonly offset: number;
  /** Instead of one that is made of the Patient ID. */
  readonly pseudonym: string | undefined;
}

/** A new object, made of a source, which must stay as it is while it is read. */
export interface DeidentifiedObject {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
  /** A Part 10 file. */
  readonly file: ByteSource;
  /** Where its data set begins. */
  readonly dataSetOffset: number;
}

const PATIENT_ID = 0x00100020;
const ISSUER_OF_PATIENT_ID = 0x00100021;
const PATIENT_IDENTITY_REMOVED = 0x00120062;
const DEIDENTIFICATION_METHOD = 0x00120063;
const DEIDENTIFICATION_METHOD_CODES = 0x00120064;
const TEMPORAL_INFORMATION_MODIFIED = 0x00280303;
const CODE_VALUE = 0x00080100;
const CODING_SCHEME_DESIGNATOR = 0x00080102;
const CODE_MEANING = 0x00080104;
const METHOD = 'PS3.15 E 2024b, node-red-contrib-dicom';
/** What a Patient's Name and a Patient ID may have in common (PS3.5 6.2). */
const PSEUDONYM = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/;

/**
 * De-identifies an object by the Basic Application Level Confidentiality Profile and the options of PS3.15 Annex E. Everything
 * is written anew; what is not known to say nothing of anybody is not. Pixels stay, without comments and other additions.
 *
 * Memory: of the attributes, not of the pixels. Time: linear.
 * @throws KeptBack where identity cannot be excluded; DicomError as `parseDataSet`: neither is passed on
 */
export function deidentify(
  source: ByteSource,
  { transferSyntaxUID: declared, offset, pseudonym }: DeidentifyRequest,
  profile: Profile,
): DeidentifiedObject {
  if (isUnchangeable(declared)) throw new Error(`it is to be recoded first: ${declared}`);
  // It stays, in the file and in the message, and what names none of PS3.6 may name somebody.
  if (!isKnownTransferSyntax(declared))
    throw new KeptBack('transfer-syntax', 'its transfer syntax is none of PS3.6');
  const cursor = new Cursor(source);
  const builder = new DataSetBuilder(cursor, new Warnings());
  const expected = encodingOf(transferSyntax(declared));
  const encoding = walkDataSet(cursor, offset, expected, builder, new Warnings());
  const transferSyntaxUID = encoding === expected ? declared : syntaxOf(encoding, declared);
  const { root } = builder;
  const { rules, identifiers, words, alsoPass } = profile;
  const { options } = rules;
  const sopClassUID = textOf(root, TAG.SOPClassUID);
  const sopInstanceUID = textOf(root, TAG.SOPInstanceUID)?.trim();
  if (sopClassUID === undefined || sopInstanceUID === undefined || sopInstanceUID === '')
    throw new KeptBack('sop-instance-uid', 'the object has no SOP Class UID or no SOP Instance UID');
  judge(root, { sopClassUID, options, alsoPass });
  const patient = {
    id: textOf(root, PATIENT_ID)?.trim() ?? '',
    issuer: textOf(root, ISSUER_OF_PATIENT_ID)?.trim() ?? '',
  };
  if (patient.id === '') throw new KeptBack('patient-id', 'Patient ID (0010,0020) is empty');
  const uids = {
    sopClassUID,
    // One that is none is replaced.
    sopInstanceUID:
      options.has('retain-uids') && isSentPlain(root, source)
        ? sopInstanceUID
        : identifiers.uid(sopInstanceUID, true),
    transferSyntaxUID,
  };
  const output = new Output(encoding);
  new Cleaner(output, source, transferSyntaxUID, {
    rules,
    identifiers,
    words,
    days: identifiers.days(patient),
    patientID: patient.id,
    pseudonym: pseudonymOf(patient, pseudonym, identifiers),
    isReport: isReport(sopClassUID),
    keepsWaveforms: isWaveform(sopClassUID),
  }).dataSet(root, new Map([...identity(uids), ...marks(options)]));
  return { ...uids, ...part10(source, uids, output.pieces()) };
}

/** Is it a UID as it was sent, with nothing around it but its padding? Then it stays in the data set where UIDs stay. */
function isSentPlain(root: DataSet, source: ByteSource): boolean {
  const element = root.find(TAG.SOPInstanceUID);
  if (element === undefined || resolveVr(root, element) !== VR.UI) return false;
  const { bytes, start, offset, length } = element;
  const value = bytes?.subarray(start, start + length) ?? source.read(offset, length);
  return isPlainUid(value, 0, unpaddedEnd(value, 0, value.length));
}

/** The data set may be in another encoding than was declared: only where nothing in it is compressed is that one of its own. */
function syntaxOf({ explicit, bigEndian }: Encoding, declared: string): string {
  if (bigEndian || !isNative(declared))
    throw new KeptBack('transfer-syntax', 'the object is not in the transfer syntax that it names');
  return explicit ? EXPLICIT_VR_LITTLE_ENDIAN : IMPLICIT_VR_LITTLE_ENDIAN;
}

function pseudonymOf(patient: PatientIdentity, given: string | undefined, identifiers: Identifiers): string {
  if (given === undefined) return identifiers.pseudonym(patient);
  if (!PSEUDONYM.test(given) || given.includes('\\'))
    throw new KeptBack('pseudonym', 'the pseudonym is not one to 64 characters of ASCII without backslash');
  return given;
}

type Uids = Pick<DeidentifiedObject, 'sopClassUID' | 'sopInstanceUID' | 'transferSyntaxUID'>;

/** The object is called in its data set as it is before it, whatever else stood there. */
function identity({ sopClassUID, sopInstanceUID }: Uids): Given {
  const put =
    (tag: number, uid: string) =>
    (output: Output): void =>
      output.element(tag, VR.UI, Buffer.from(uid, 'latin1'));
  return new Map([
    [TAG.SOPClassUID, put(TAG.SOPClassUID, sopClassUID)],
    [TAG.SOPInstanceUID, put(TAG.SOPInstanceUID, sopInstanceUID)],
  ]);
}

/** Says what was done (PS3.15 E.1, PS3.3 C.12.1, C.7.1.1). */
function marks(options: Rules['options']): Given {
  const text = (value: string): Buffer => Buffer.from(value, 'latin1');
  return new Map([
    [
      PATIENT_IDENTITY_REMOVED,
      (output: Output) => output.element(PATIENT_IDENTITY_REMOVED, VR.CS, text('YES')),
    ],
    [DEIDENTIFICATION_METHOD, (output) => output.element(DEIDENTIFICATION_METHOD, VR.LO, text(METHOD))],
    [
      DEIDENTIFICATION_METHOD_CODES,
      (output) => {
        const sequence = output.sequence(DEIDENTIFICATION_METHOD_CODES);
        for (const [value, meaning] of methodCodes(options)) {
          const item = output.item();
          output.element(CODE_VALUE, VR.SH, text(value));
          output.element(CODING_SCHEME_DESIGNATOR, VR.SH, text('DCM'));
          output.element(CODE_MEANING, VR.LO, text(meaning));
          output.close(item);
        }
        output.close(sequence);
      },
    ],
    [
      TEMPORAL_INFORMATION_MODIFIED,
      (output) => output.element(TEMPORAL_INFORMATION_MODIFIED, VR.CS, text(temporalInformation(options))),
    ],
  ]);
}

/** The preamble is zero, and the meta information says nothing of where the object came from. */
function part10(
  source: ByteSource,
  uids: Uids,
  pieces: readonly SourcePiece[],
): Pick<DeidentifiedObject, 'file' | 'dataSetOffset'> {
  const head = encodeFileMeta({
    ...uids,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  const first = { bytes: head, offset: 0, length: head.length };
  return { file: sourceOfPieces(source, [first, ...pieces]), dataSetOffset: head.length };
}
