import { isEnvironmentReference } from './checks/environment';
import { splitList } from './checks/values';
import type { ChoiceField, Field } from './fields';
import type { Finding, Problem } from './finding';
import { checkVersion, FIRST_VERSION, migrate, type Config, type Migration } from './versions';

/** Every property of a node type by its name. `version` is the config's own, and none of them. */
export type Fields = Readonly<Record<string, Field>>;
export type NameOf<F extends Fields> = Extract<keyof F, string>;
type ValueOf<F extends Field> = F extends ChoiceField<infer Choice> ? Choice : F['default'];
/** The settings of a node, typed and checked. */
export type SettingsOf<F extends Fields> = { -readonly [Name in NameOf<F>]: ValueOf<F[Name]> };
type CodeOf<F extends Fields> = ReturnType<F[NameOf<F>]['check']>[number]['code'] | 'unknownVersion';

/**
 * What the editor and the runtime know of a node type's settings: all of it comes from here, so that they agree. What is
 * made for any node type takes `NodeSettings`, which each of them is.
 */
export interface NodeSettings<
  Name extends string = string,
  Code extends string = string,
  Settings = Readonly<Record<Name, Field['default']>>,
> {
  readonly type: string;
  /** Of the configs that are written now. */
  readonly version: number;
  readonly names: readonly Name[];
  readonly fields: Readonly<Record<Name, Field>>;
  readonly defaults: Settings;
  /**
   * Findings about one value as the dialog or the flow JSON holds it (text inputs hold numbers as text).
   * A `${NAME}` reference passes: its value is checked at start.
   */
  check(name: Name | 'version', value: unknown): Finding<Code>[];
  /** Findings about values that do not fit each other, as a dialog holds them; those that are missing have their defaults. */
  checkTogether(values: Readonly<Partial<Record<Name, unknown>>>): Problem<Name, Code>[];
  /** A config of an older version as one of this version would say it; itself where that is what it is. */
  migrate(config: Config): Config;
  /**
   * Settings from a node's configuration of any version that there was. What is missing gets its default (old flows lack
   * fields); what is wrong is reported and replaced by its default, so that the caller can decide on every field at once.
   * Of a version that is not known nothing is read.
   */
  parse(config: Config): ParsedSettings<Name, Code, Settings>;
}

export interface ParsedSettings<Name extends string, Code extends string, Settings> {
  settings: Settings;
  problems: Problem<Name | 'version', Code>[];
}

/** What can be said about a node type beside its fields. */
export interface Rules<F extends Fields, Code extends string> {
  /** Findings about fields that do not fit each other, each at the field where it is put right. */
  together?: (settings: SettingsOf<F>) => Problem<NameOf<F>, Code>[];
  /** From each version to the next, the oldest first: with one more there is one version more. */
  migrations?: readonly Migration[];
}

export function define<F extends Fields, Code extends string = never>(
  type: string,
  fields: F,
  { together = () => [], migrations = [] }: Rules<F, Code> = {},
): NodeSettings<NameOf<F>, Code | CodeOf<F>, SettingsOf<F>> {
  type AnyCode = Code | CodeOf<F>;
  const version = FIRST_VERSION + migrations.length;
  const names = Object.keys(fields) as NameOf<F>[];
  const settingsOf = (valueOf: (name: NameOf<F>) => unknown): SettingsOf<F> =>
    Object.fromEntries(names.map((name) => [name, valueOf(name)])) as SettingsOf<F>;
  const fieldOf = (name: NameOf<F>): Field => fields[name] as Field;
  const defaults = settingsOf((name) => fieldOf(name).default);

  function checkAny(name: NameOf<F>, value: unknown): Finding<AnyCode>[] {
    const field = fieldOf(name);
    return isMissing(value) ? [] : field.check(asText(value, field));
  }

  function parse(config: Config): ParsedSettings<NameOf<F>, AnyCode, SettingsOf<F>> {
    const unknown = checkVersion(config['version'], version);
    if (unknown.length > 0) {
      return { settings: defaults, problems: unknown.map((found) => ({ ...found, field: 'version' })) };
    }
    const current = migrate(config, migrations);
    const problems: Problem<NameOf<F>, AnyCode>[] = [];
    const wrong = new Set<string>();
    const settings = settingsOf((name) => {
      const findings = checkAny(name, current[name]);
      problems.push(...findings.map((found) => ({ ...found, field: name })));
      const isWrong = findings.some(({ severity }) => severity === 'error');
      if (isWrong) wrong.add(name);
      return read(fieldOf(name), isWrong ? undefined : current[name]);
    });
    return { settings, problems: [...problems, ...fitting(settings, wrong)] };
  }

  /** A wrong one has its default here, of which nobody is to be told anything. */
  function fitting(settings: SettingsOf<F>, wrong: ReadonlySet<string>): Problem<NameOf<F>, Code>[] {
    return together(settings).filter(({ field }) => !wrong.has(field));
  }

  return {
    type,
    version,
    fields,
    names,
    defaults,
    check: (name, value) => {
      if (name === 'version') return checkVersion(value, version);
      return isEnvironmentReference(value) ? [] : checkAny(name, value);
    },
    checkTogether: (values) => {
      const isWrong = (name: NameOf<F>): boolean =>
        isEnvironmentReference(values[name])
          ? fieldOf(name).kind === 'number'
          : checkAny(name, values[name]).some(({ severity }) => severity === 'error');
      const wrong = new Set<string>(names.filter(isWrong));
      const settings = settingsOf((name) =>
        read(fieldOf(name), wrong.has(name) ? undefined : listed(fieldOf(name), values[name])),
      );
      return fitting(settings, wrong);
    },
    migrate: (config) => migrate(config, migrations),
    parse,
  };
}

/** A dialog has comma text of a list. */
function listed({ kind }: Field, value: unknown): unknown {
  return kind === 'list' && typeof value === 'string' ? splitList(value) : value;
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;

function read(field: Field, raw: unknown): Field['default'] {
  if (isMissing(raw)) return field.default;
  switch (field.kind) {
    case 'number':
      return Number(raw);
    case 'boolean':
      return raw === true || asText(raw, field).trim().toLowerCase() === 'true';
    case 'list':
      return Array.isArray(raw) ? raw.map((item) => asText(item, field)) : splitList(environmentText(raw));
    case 'rows':
      return field.read(raw);
    case 'text':
    case 'choice':
    case 'node':
      return asText(raw, field).trim();
  }
}

/** An environment variable in place of a list has comma text. */
const environmentText = (raw: unknown): string => (typeof raw === 'string' ? raw : '');

function asText(value: unknown, { digits = 0 }: Field): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value).padStart(digits, '0');
  return JSON.stringify(value);
}
