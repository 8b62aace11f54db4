import { isEnvironmentReference, type Finding } from './checks';
import { DEFAULTS, FIELDS, FIELD_NAMES, type DicomInSettings, type Field, type FieldName } from './fields';
import { checkTogether } from './together';

/** A finding with the field that it is about. */
export interface Problem extends Finding {
  field: FieldName;
}

export interface ParsedSettings {
  settings: DicomInSettings;
  problems: Problem[];
}

/**
 * Findings about one value as the dialog or the flow JSON holds it (text inputs hold numbers as text).
 * A `${NAME}` reference passes: what it stands for is checked at start.
 */
export function checkField(name: FieldName, value: unknown): Finding[] {
  if (value === undefined || isEnvironmentReference(value)) return [];
  return FIELDS[name].check(asText(value));
}

/**
 * Settings from a node's configuration. What is missing gets its default (flows of older versions lack fields);
 * what is wrong is reported and replaced by its default, so that the caller can decide on every field at once.
 */
export function parseSettings(config: Readonly<Record<string, unknown>>): ParsedSettings {
  const problems: Problem[] = [];
  const entries = FIELD_NAMES.map((name) => {
    const raw = config[name];
    if (raw === undefined || raw === null) return [name, DEFAULTS[name]];
    const findings = FIELDS[name].check(asText(raw));
    problems.push(...findings.map((found) => ({ ...found, field: name })));
    const failed = findings.some((found) => found.severity === 'error');
    return [name, failed ? DEFAULTS[name] : coerce(FIELDS[name], raw)];
  });
  const settings = Object.fromEntries(entries) as DicomInSettings;
  return { settings, problems: [...problems, ...checkTogether(settings)] };
}

function coerce(field: Field, raw: unknown): string | number | boolean | readonly string[] {
  switch (field.kind) {
    case 'number':
      return Number(raw);
    case 'boolean':
      return raw === true || asText(raw).trim().toLowerCase() === 'true';
    case 'list':
      return Array.isArray(raw) ? raw.map(asText) : [];
    case 'text':
    case 'choice':
      return asText(raw).trim();
  }
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? '' : JSON.stringify(value);
}
