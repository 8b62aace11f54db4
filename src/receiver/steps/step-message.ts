import { STEP_SOP_CLASS } from '../../network';
import type { Keys } from '../../query';
import type { Step } from './step-store';

/** A series of a procedure step, in the same words as in the message of dicom-study. */
interface Series {
  SeriesInstanceUID: string;
  Modality: string;
  SeriesDescription: string;
  instances: { SOPInstanceUID: string; SOPClassUID: string }[];
}

/** In which a series lists what it has (PS3.3 C.4.15). */
const INSTANCES = ['ReferencedImageSequence', 'ReferencedNonImageCompositeSOPInstanceSequence'];

/** The message that tells a flow of a step (PS3.4 F.7.2). @param mppsId by which the flow answers */
export function stepMessage(step: Step, mppsId: string, isAgain: boolean): object {
  const { sopInstanceUID, state, attributes, caller, receivedAt } = step;
  const [scheduled = {}] = items(attributes['ScheduledStepAttributesSequence']);
  const study = text(scheduled['StudyInstanceUID']);
  const series = items(attributes['PerformedSeriesSequence']).map((each) => seriesOf(each, attributes));
  const instances = series.flatMap((each) => each.instances.map(({ SOPInstanceUID }) => SOPInstanceUID));
  return {
    payload: attributes,
    topic: study,
    series,
    ...(state === 'completed' && {
      study: { StudyInstanceUID: study, expected: instances.length, instances },
    }),
    dicom: {
      mppsId,
      state,
      ...caller,
      sopClassUID: STEP_SOP_CLASS,
      sopInstanceUID,
      receivedAt,
      redelivered: Number(isAgain),
    },
  };
}

function seriesOf(item: Keys, { Modality }: Keys): Series {
  return {
    SeriesInstanceUID: text(item['SeriesInstanceUID']),
    Modality: text(Modality),
    SeriesDescription: text(item['SeriesDescription']),
    instances: INSTANCES.flatMap((keyword) => items(item[keyword])).map((each) => ({
      SOPInstanceUID: text(each['ReferencedSOPInstanceUID']),
      SOPClassUID: text(each['ReferencedSOPClassUID']),
    })),
  };
}

function items(value: unknown): Keys[] {
  const isItem = (each: unknown): each is Keys =>
    typeof each === 'object' && each !== null && !Array.isArray(each);
  return Array.isArray(value) ? value.filter(isItem) : [];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
