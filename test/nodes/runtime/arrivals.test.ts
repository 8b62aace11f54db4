import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrivals } from '../../../nodes/runtime/arrivals';
import type { FlowMessage } from '../../../src/message';

const message = (study: string, uid: string, originator?: string, messageId?: number): FlowMessage =>
  ({
    topic: study,
    dicom: {
      sopInstanceUID: uid,
      ...(originator !== undefined && {
        moveOriginatorAET: originator,
        moveOriginatorMessageId: messageId,
      }),
    },
  }) as FlowMessage;

describe('what comes in because of a C-MOVE', () => {
  it('is known by who asked, or by its study where no one is named, and is of a study that was asked for', async () => {
    const arrival = arrivals.expect({
      originatorAET: 'ME',
      messageId: 7,
      studyInstanceUIDs: new Set(['1.2']),
    });
    for (const each of [
      message('9.9', 'other study', 'ME', 7),
      message('9.9', 'other study'),
      message('1.2', 'other message', 'ME', 8),
      message('1.2', 'other originator', 'YOU', 7),
    ])
      arrivals.saw(each);
    const arrived = arrival.wait(2, 60);
    arrivals.saw(message('1.2', 'a'));
    arrivals.saw(message('1.2', 'a'));
    arrivals.saw(message('1.2', 'b', 'ME', 7));
    arrivals.saw(message('1.2', 'c', 'ME', 7));
    assert.deepEqual(await arrived, { objects: 2, by: 'moveOriginator', complete: true });
    arrival.close();
  });
});
