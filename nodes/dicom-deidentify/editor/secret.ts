import { DICOM_DEIDENTIFY } from '../../../src/settings';
import { address, failureText, isRunning, request, type EditorNode, type Texts } from '../../editor';

const { type } = DICOM_DEIDENTIFY;

/** The button that makes a secret, and the fingerprint of the one that is deployed, which two machines can compare. */
export function showSecret(node: EditorNode, input: JQuery, texts: Texts): void {
  const note = $(`#${type}-secret-note`);
  const tell = (work: Promise<string>): void => {
    work.then(
      (words) => note.text(words),
      (error: unknown) => note.text(failureText(error, texts)),
    );
  };
  $(`#${type}-make-secret`).on('click', () => tell(makeSecret(input, texts)));
  note.text('');
  if (isRunning(node)) tell(deployedFingerprint(node, texts));
}

/** It is shown once, so that it can be copied to where it is kept. */
async function makeSecret(input: JQuery, { text }: Texts): Promise<string> {
  const made = (await request('POST', address(type, 'secret'))) as { secret: string; fingerprint: string };
  input.val(made.secret).trigger('change');
  return text('secret.made', { secret: made.secret, fingerprint: made.fingerprint });
}

async function deployedFingerprint(node: EditorNode, { text }: Texts): Promise<string> {
  const url = address(type, node.id, 'fingerprint');
  const { fingerprint } = (await request('GET', url)) as { fingerprint: string };
  return fingerprint === '' ? '' : text('secret.deployed', { fingerprint });
}
