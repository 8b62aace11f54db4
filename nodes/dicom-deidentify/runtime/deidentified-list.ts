import type { DeidentifiedMessage } from '../../../src/edit';
import {
  listInstances,
  seriesFields,
  studyFields,
  type Listable,
  type Fields,
  type StudyPayload,
} from '../../../src/study';
import type { ObjectMessage } from '../../runtime/objects';

/** What has become of the instances of a list. Nothing of the old ones is in it, but what acknowledges them. */
export class DeidentifiedList {
  keptBack = 0;
  failed = 0;
  /** The first one, of which the error of the list tells. */
  firstFailure: unknown;
  /** Failed, and their queues have not heard of it: they are no dead letters. */
  readonly unheard: ObjectMessage[] = [];
  private readonly instances: Listable[] = [];
  private study: Fields = {};

  get isEmpty(): boolean {
    return this.instances.length === 0;
  }

  get payload(): StudyPayload {
    return listInstances(this.instances, this.study);
  }

  /** `msg.dicom.deidentified` */
  get summary(): Record<string, number> {
    const { keptBack, failed } = this;
    const deidentified = this.instances.length;
    return { instances: deidentified + keptBack + failed, deidentified, keptBack, failed };
  }

  /** @param message that would have the new object alone */
  add(result: DeidentifiedMessage, { filename, dicom = {} }: ObjectMessage): void {
    const { payload } = JSON.parse(result.json) as { payload: { CommonFields?: Record<string, unknown> } };
    const { CommonFields = {} } = payload;
    const { SOPInstanceUID, SOPClassUID, StudyInstanceUID, SeriesInstanceUID, InstanceNumber } = CommonFields;
    const { transferSyntaxUID, size, acknowledgeId } = dicom as Record<string, unknown>;
    if (this.isEmpty) this.study = studyFields(CommonFields);
    const facts = {
      SOPInstanceUID,
      SOPClassUID,
      transferSyntaxUID,
      size,
      filename,
      acknowledgeId,
      InstanceNumber,
    };
    const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null);
    this.instances.push({
      study: textIn(StudyInstanceUID),
      series: textIn(SeriesInstanceUID),
      fields: seriesFields(CommonFields),
      instance: Object.fromEntries(known) as unknown as Listable['instance'],
    });
  }

  fail(error: unknown): void {
    this.failed += 1;
    this.firstFailure ??= error;
  }
}

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
