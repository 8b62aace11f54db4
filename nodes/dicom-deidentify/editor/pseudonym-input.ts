import { pseudonymSource } from '../../../src/settings';
import type { Texts } from '../../editor';

/** Where a pseudonym comes from, as Node-RED's typed input shows it. The setting is one text: `hmac`, or `msg.NAME`. */
export class PseudonymInput {
  private readonly shown: JQuery & TypedInput;

  constructor(
    private readonly stored: JQuery,
    texts: Texts,
  ) {
    const setting = String(stored.val() ?? '');
    const source = pseudonymSource(setting);
    const type = source?.kind ?? 'msg';
    const property = source !== undefined && 'property' in source ? source.property : '';
    this.shown = $('<input type="text" id="dicom-deidentify-pseudonym">').insertAfter(stored.hide());
    this.shown.val(property);
    this.shown.typedInput({
      default: type,
      types: [
        { value: 'hmac', label: texts.text('option.pseudonym.hmac'), hasValue: false },
        'msg',
        'flow',
        'global',
      ],
    });
    this.shown.typedInput('type', type);
    this.shown.typedInput('value', property);
    // What is neither, such as a variable, stays as it is until something is entered.
    this.shown.on('change', () => {
      if (source !== undefined || String(this.shown.typedInput('value')) !== '') this.save();
    });
  }

  save(): void {
    const type = String(this.shown.typedInput('type'));
    const property = String(this.shown.typedInput('value'));
    const before = String(this.stored.val() ?? '');
    if (pseudonymSource(before) === undefined && type === 'msg' && property === '') return;
    const setting = type === 'hmac' ? 'hmac' : `${type}.${property}`;
    if (setting !== before) this.stored.val(setting).trigger('change');
  }
}

/** Node-RED's widget, as far as it is used here. */
interface TypedInput {
  typedInput(options: object): void;
  typedInput(name: 'type' | 'value', value: string): void;
  typedInput(name: 'type' | 'value'): unknown;
}
