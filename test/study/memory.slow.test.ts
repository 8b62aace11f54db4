import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { DiskStudyStore, Studies, type StudyFiring, type StudyObject } from '../../src/study';
import { heldMemory } from '../support/machine/garbage';
import { OPTIONS, TestClock } from './support';

/** The promise is about 1 000 with 2 million objects: STUDIES=1000 makes them. */
const STUDIES = Number(process.env['STUDIES'] ?? 100);
const OBJECTS = 2_000;
const PROMISED = 256_000_000 / 2_000_000;

it(`${STUDIES} open studies of ${OBJECTS} objects take less than ${PROMISED} bytes for each object`, async (test) => {
  const directory = mkdtempSync(join(tmpdir(), 'dicom-study-memory-'));
  const clock = new TestClock();
  const firings: StudyFiring[] = [];
  const open = (): Studies =>
    new Studies(
      OPTIONS,
      new DiskStudyStore(directory, () => assert.fail('it is not damaged')),
      {
        park: () => Promise.resolve(true),
        letGo: () => Promise.resolve(true),
        disownOthers: () => Promise.resolve(),
        isWaiting: () => Promise.resolve(false),
        isOpen: () => Promise.resolve(false),
      },
      {
        fire: (firing) =>
          firings.push({
            ...firing,
            listing: { ...firing.listing, payload: { StudyInstanceUID: '', series: [] } },
          }),
        changed: () => undefined,
        failed: (error) => assert.fail(error),
        lost: () => assert.fail('nothing is lost'),
      },
      clock,
    );
  try {
    const empty = heldMemory();
    let studies = open();
    await studies.open();
    const began = performance.now();
    for (let study = 0; study < STUDIES; study += 1)
      await Promise.all(
        Array.from({ length: OBJECTS }, (_, number) => studies.add(objectOf(study, number, clock.iso))),
      );
    const added = performance.now() - began;
    const taken = heldMemory() - empty;
    await studies.close();
    const reopening = performance.now();
    studies = open();
    await studies.open();
    const opened = performance.now() - reopening;
    const again = heldMemory() - empty;
    assert.equal(studies.summary().open, STUDIES);
    const each = (bytes: number): number => Math.round(bytes / (STUDIES * OBJECTS));
    test.diagnostic(
      `${STUDIES * OBJECTS} objects: ${Math.round(taken / 1e6)} MB, ${each(taken)} bytes each; opened again: ${Math.round(again / 1e6)} MB; added in ${Math.round(added / 1e3)} s, opened in ${Math.round(opened / 1e3)} s`,
    );
    assert.ok(each(taken) < PROMISED && each(again) < PROMISED);
    clock.pass(60_000);
    studies.tick();
    while (firings.length < STUDIES) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(firings.every(({ listing }) => listing.added === OBJECTS));
    await studies.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

function objectOf(study: number, number: number, receivedAt: string): StudyObject {
  const uid = `1.2.840.113619.2.55.3.${1_000_000_000 + study}`;
  return {
    key: uid,
    studyInstanceUID: uid,
    seriesInstanceUID: `${uid}.${number % 10}`,
    sopInstanceUID: `${uid}.${number % 10}.${number}`,
    study: {
      PatientID: `P${study}`,
      PatientName: 'Doe^Jane',
      AccessionNumber: `A${study}`,
      StudyInstanceUID: uid,
    },
    series: { SeriesInstanceUID: `${uid}.${number % 10}`, Modality: 'CT', SeriesNumber: number % 10 },
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    transferSyntaxUID: '1.2.840.10008.1.2.1',
    size: 524_288,
    instanceNumber: number,
    queueId: `f6f2187d.f17ca8:1795718734674-${String(study * OBJECTS + number).padStart(10, '0')}-524288-4c2411ec-efa7560651e741203f16d27d9d057dbf`,
    acknowledgeId: `f6f2187d.f17ca8:1795718734674-${String(study * OBJECTS + number).padStart(10, '0')}-af228059dd985fc8d50e67edc629fd82a`,
    receivedAt,
    isReceived: true,
    callingAET: 'CT01',
    associationId: 'e2880471-7334-422a-a5f5-2add0d7800ec',
  };
}
