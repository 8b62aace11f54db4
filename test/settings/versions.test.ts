import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkVersion,
  define,
  DICOM_IN,
  DICOM_RESPONSE,
  integer,
  migrate,
  text,
  type Config,
  type NodeSettings,
} from '../../src/settings';

/** Minutes became seconds, then `title` became `name`. */
const ALARM = define(
  'alarm',
  { name: text(''), seconds: integer(60, 1, 86_400) },
  {
    migrations: [
      ({ minutes, ...config }) =>
        minutes === undefined ? config : { ...config, seconds: String(60 * Number(minutes)) },
      ({ title, ...config }) => ({ ...config, name: title }),
    ],
  },
);

const OLD = { id: 'a', type: 'alarm', title: 'tea', minutes: '5' };
const read = (config: Config): unknown[] => {
  const { settings, problems } = ALARM.parse(config);
  return [settings.name, settings.seconds, ...problems.map(({ field, code }) => `${field} ${code}`)];
};

describe('the version of a config', () => {
  it('is one more than there are migrations', () => {
    assert.equal(ALARM.version, 3);
  });

  it('is the first where there is none, as all were saved before there was a second one', () => {
    assert.deepEqual(read(OLD), ['tea', 300]);
    assert.deepEqual(read({ ...OLD, version: null }), ['tea', 300]);
    assert.deepEqual(read({ ...OLD, version: 1 }), ['tea', 300]);
  });

  it('decides from where it is migrated', () => {
    assert.deepEqual(read({ title: 'tea', seconds: '7', minutes: 'no more', version: 2 }), ['tea', 7]);
    assert.deepEqual(read({ name: 'tea', title: 'no more', seconds: '7', version: '3' }), ['tea', 7]);
  });

  it('is the newest after it, and the config that was given is as it was', () => {
    const given = structuredClone(OLD);
    assert.deepEqual(ALARM.migrate(given), {
      id: 'a',
      type: 'alarm',
      name: 'tea',
      seconds: '300',
      version: 3,
    });
    assert.deepEqual(given, OLD);
  });

  it('leaves a config of the newest version the same object, so that nothing is written for it', () => {
    const current = { name: 'x', version: 3 };
    assert.equal(ALARM.migrate(current), current);
    const unversioned = { port: '104' };
    assert.equal(migrate(unversioned, []), unversioned);
  });

  it('is refused where it is not known, and nothing else of the config is read', () => {
    const strange = [4, '4', 99, 0, -1, 1.5, NaN, '1.0', '', 'x', '${VERSION}', true, {}, '9'.repeat(400)];
    for (const [index, version] of strange.entries()) {
      const config = { ...OLD, seconds: 'wrong', version };
      assert.deepEqual(read(config), ['', 60, 'version unknownVersion'], `case ${index}`);
      assert.equal(ALARM.migrate(config), config, `case ${index}`);
      assert.deepEqual(ALARM.check('version', version), checkVersion(version, 3));
    }
    assert.deepEqual(checkVersion(4, 3), [
      { code: 'unknownVersion', severity: 'error', values: { value: '4', known: 3 } },
    ]);
  });
});

/** A flow of every version that there was, as Node-RED saved it, without a default, and what it means for ever. */
const SAVED: Record<string, { settings: NodeSettings; flows: readonly [saved: Config, meant: Config][] }> = {
  'dicom-in': {
    settings: DICOM_IN,
    flows: [
      [
        {
          name: 'From CT',
          port: '11112',
          bindAddress: '127.0.0.1',
          ourAET: 'SOUP',
          tls: 'tls.1',
          requireClientCertificate: true,
          acceptedCallingAETs: 'CT01,MR02',
          checkCalledAET: true,
          alsoCalledAETs: 'ARCHIVE',
          allowedHosts: '10.0.0.0/8',
          trustedProxies: '10.0.0.5',
          associationTimeoutSeconds: '20',
          idleTimeoutSeconds: '90',
          maxAssociations: '5',
          maxPduLength: '16384',
          maxObjectSizeMB: '100',
          acceptUnknownSopClasses: false,
          transferSyntaxes: '1.2.840.10008.1.2.1',
          includeCommonFieldsNode: false,
          includeReportNode: false,
          includeTagsNode: false,
          tagsFormat: 'dicom-json',
          output: 'file',
          directory: '/data',
          filenameTemplate: '{SOPInstanceUID}.dcm',
          collision: 'overwrite',
          placeForHours: '48',
          document: false,
          leaveOutEmpty: true,
          defaultCharacterSet: 'ISO_IR 101',
          maxMessageMB: '5',
          maxMessageElements: '50000',
          addIncomingMessageToCurrentTab: true,
          emitEvents: true,
          answerQueries: ['worklist'],
          answerMpps: 'flow',
          queryDeadlineSeconds: '10',
          journalPatient: true,
          sharedQueue: 'queue.1',
          role: 'deliver',
          queue: 'memory',
          queueDirectory: '/queue',
          onlyThisMachine: false,
          maxQueued: '500',
          minFreeDiskMB: '1024',
          respond: 'processed',
          responseTimeoutSeconds: '10',
          acknowledge: true,
          maxInFlight: '4',
          acknowledgeTimeoutSeconds: '60',
          maxDeliveries: '3',
          maxCrashes: '2',
          keepDeliveredSeconds: '30',
          keepDeliveredMB: '128',
          receivedMessageTemplate: '{}',
          messageType: '16',
          filters: 'f',
          variableTransformers: 'v',
          transformers: 't',
          activities: ['a', 'b'],
          workflowPatternName: 'Radiology in',
          settingId: 'id',
          imported: '{"Port":104}',
        },
        {
          port: 11_112,
          associationTimeoutSeconds: 20,
          idleTimeoutSeconds: 90,
          maxAssociations: 5,
          maxPduLength: 16_384,
          maxObjectSizeMB: 100,
          placeForHours: 48,
          maxMessageMB: 5,
          maxMessageElements: 50_000,
          maxQueued: 500,
          minFreeDiskMB: 1_024,
          responseTimeoutSeconds: 10,
          maxInFlight: 4,
          acknowledgeTimeoutSeconds: 60,
          maxDeliveries: 3,
          maxCrashes: 2,
          keepDeliveredSeconds: 30,
          keepDeliveredMB: 128,
          queryDeadlineSeconds: 10,
          messageType: 16,
        },
      ],
    ],
  },
  'dicom-response': {
    settings: DICOM_RESPONSE,
    flows: [[{ name: 'No', status: 'custom', customStatus: 'C123', errorComment: 'no patient ID' }, {}]],
  },
};

for (const [type, { settings, flows }] of Object.entries(SAVED)) {
  describe(`${type} of every version that there was`, () => {
    it('has a saved flow here', () => {
      assert.equal(flows.length, settings.version);
    });

    flows.forEach(([saved, meant], index) => {
      it(`${index + 1} means what it always meant`, () => {
        const versions = index === 0 ? [undefined, 1] : [index + 1];
        for (const version of versions) {
          const { settings: read, problems } = settings.parse({ ...saved, version });
          assert.deepEqual(read, { ...saved, ...meant });
          assert.deepEqual(
            problems.filter(({ severity }) => severity === 'error'),
            [],
          );
        }
        // What is only the default would prove nothing.
        for (const [name, value] of Object.entries(saved)) {
          assert.notDeepEqual(value, settings.defaults[name], name);
        }
      });
    });
  });
}
