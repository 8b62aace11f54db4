import { type DataSet, itemsOf } from '../dicom';
import { Tag } from './attributes';

/**
 * Where attributes of a frame are looked for: the item of a functional group of the frame, that of all frames, and the object
 * (PS3.3 C.7.6.16). What is found first counts.
 */
export function placesOf(root: DataSet, frame: number, group: number): DataSet[] {
  const own = itemsOf(root, Tag.PerFrameFunctionalGroupsSequence)[frame];
  const [shared] = itemsOf(root, Tag.SharedFunctionalGroupsSequence);
  const items = [own, shared].flatMap((groups) => (groups === undefined ? [] : itemsOf(groups, group)));
  return [...items, root];
}
