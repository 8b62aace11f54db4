// Makes of a node type's html what Node-RED loads: with its editor code, the look of all dialogs, a row for each field, and the
// parts that several dialogs have.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const EDITOR_MARK = '<!-- editor code: editor/index.ts, bundled by scripts/build.mjs -->';

/**
 * @param nodesDir the folder of all node types
 * @param settings of the type, from src/settings
 * @param texts of the type in the language in which no text is missing
 */
export function nodeHtml(nodesDir, { type, fields }, texts) {
  const html = readFileSync(join(nodesDir, type, `${type}.html`), 'utf8');
  const template = `<script type="text/html" data-template-name="${type}">`;
  for (const part of [EDITOR_MARK, template]) {
    if (!html.includes(part)) throw new Error(`${type}.html lacks the line: ${part}`);
  }
  const css = readFileSync(join(nodesDir, 'editor', 'form.css'), 'utf8').replaceAll(
    'DIALOG',
    `#${type}-dialog`,
  );
  const prefix = inputPrefix(html);
  return html
    .replace(EDITOR_MARK, () => `<script type="text/javascript">\n${editorCode(nodesDir, type)}</script>`)
    .replace(template, () => `${template}\n<style>\n${css}</style>`)
    .replace(/<form-part name="([\w-]+)"><\/form-part>/g, (_, name) =>
      readFileSync(join(nodesDir, 'editor', 'parts', `${name}.html`), 'utf8').replaceAll('TYPE', type),
    )
    .replace(/<form-field ([^>]*)><\/form-field>/g, (_, given) =>
      fieldRow(type, fields, texts, prefix, attributes(given)),
    );
}

/** With which the ids begin of inputs that Node-RED fills and reads: of a configuration node it is another one. */
function inputPrefix(html) {
  return /\bcategory: *['"]config['"]/.test(html) ? 'node-config-input-' : 'node-input-';
}

/** Inline: a <script src> would load after registerType runs. */
function editorCode(nodesDir, type) {
  const bundle = buildSync({
    entryPoints: [join(nodesDir, type, 'editor', 'index.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: `${type.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())}Editor`,
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
  });
  return bundle.outputFiles[0].text.replaceAll('</script', '<\\/script');
}

/** `a="b" c` → { a: 'b', c: '' } */
function attributes(text) {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name, value ?? '']),
  );
}

/**
 * The row of one field, by its kind in the settings. `name`; `icon`: one of Font Awesome's; `unit`: a key of the catalogue's
 * units; `nodes`: the id of a node of a flow, which is chosen from those that there are; `entries`: comma text that is edited entry by entry; `suggestions`: the id of a <datalist>; `credential`: no setting
 * but what Node-RED keeps encrypted, shown as `text` or `password`.
 */
function fieldRow(type, fields, texts, prefix, given) {
  const { name, credential, entries } = given;
  const field = credential === undefined ? fields[name] : { kind: 'credential' };
  if (field === undefined) throw new Error(`${type}.html has a row of "${name}", which is no setting`);
  const id = `${prefix}${name}${['list', 'rows'].includes(field.kind) ? '-list' : ''}`;
  const words = `data-i18n="${type}.label.${name}"`;
  if (field.kind === 'boolean') return checkRow(id, words);
  const ofNodesOrChoices =
    field.kind === 'list' && (field.nodeType !== undefined || field.choices !== undefined);
  if (ofNodesOrChoices)
    return groupRow(type, id, given, words, 'checks', '<ul></ul>\n<div class="dicom-hint"></div>');
  if (entries !== undefined) {
    const add = `<i class="fa fa-plus"></i> <span data-i18n="${type}.list.add"></span>`;
    const button = `<button type="button" class="red-ui-button red-ui-button-small">${add}</button>`;
    return groupRow(type, id, given, words, 'list', `<ul></ul>\n${button}`);
  }
  const hasPlaceholder = texts.placeholder?.[name] !== undefined;
  const placeholder = hasPlaceholder ? ` data-i18n="[placeholder]${type}.placeholder.${name}"` : '';
  return inputRow(type, id, given, words, field.kind, placeholder);
}

const row = (...parts) => `<div class="form-row">\n${parts.join('\n')}\n</div>`;
const label = (target, icon, words) =>
  `<label ${target}>${icon ? `<i class="fa fa-${icon}"></i> ` : ''}<span ${words}></span></label>`;

function checkRow(id, words) {
  return `<div class="form-row dicom-check">
<input type="checkbox" id="${id}">
<label for="${id}" ${words}></label>
</div>`;
}

/** Several things with one label, for which a hidden input stands. */
function groupRow(type, id, { name, icon }, words, kind, content) {
  const labelId = `${type}-label-${name}`;
  return row(
    label(`id="${labelId}"`, icon, words),
    `<div class="dicom-${kind}" id="${type}-${kind}-${name}" role="group" aria-labelledby="${labelId}">
<input type="hidden" id="${id}">
${content}
</div>`,
  );
}

function inputRow(type, id, { name, icon, unit, suggestions, credential, nodes }, words, kind, placeholder) {
  const spelling = name === 'name' ? '' : ' spellcheck="false"';
  const input = `<input type="text" id="${id}"${suggestions ? ` list="${suggestions}"` : ''}${placeholder}${spelling}>`;
  const inputs = {
    ...(nodes !== undefined && { text: `<select id="${id}"></select>` }),
    choice: `<select id="${id}"></select>`,
    credential: `<input type="${credential}" id="${id}" autocomplete="${credential === 'password' ? 'new-password' : 'off'}" spellcheck="false"${placeholder}>`,
    node: `<input type="text" id="${id}" style="width:100%">`,
    list: `<textarea id="${id}" rows="3" spellcheck="false"${placeholder}></textarea>`,
  };
  const withUnit = `<span class="dicom-number">${input}<span data-i18n="${type}.unit.${unit}"></span></span>`;
  return row(label(`for="${id}"`, icon, words), unit === undefined ? (inputs[kind] ?? input) : withUnit);
}

/**
 * A node type's catalogue in a language: the texts that all dialogs share, and its own, which go first.
 * @returns as Node-RED wants it: below the type's name
 */
export function nodeCatalogue(nodesDir, type, language) {
  const read = (...path) => JSON.parse(readFileSync(join(nodesDir, ...path), 'utf8'));
  const shared = join('editor', 'locales', `${language}.json`);
  const own = read(type, 'locales', language, `${type}.json`)[type];
  return { [type]: existsSync(join(nodesDir, shared)) ? merged(read(shared), own) : own };
}

function merged(shared, own) {
  const isBranch = (value) => typeof value === 'object';
  const both = Object.entries(own).map(([key, value]) => [
    key,
    isBranch(value) && isBranch(shared[key]) ? merged(shared[key], value) : value,
  ]);
  return { ...shared, ...Object.fromEntries(both) };
}

/**
 * A node type's help. In a line that describes a property (`: name (type) : words`) Node-RED takes the words behind the last colon, and
 * drops those before it: a colon among them is written in another way.
 */
export function nodeHelp(nodesDir, type, language) {
  const markdown = readFileSync(join(nodesDir, type, 'locales', language, `${type}.html`), 'utf8');
  const asCode = (words) =>
    `<code>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(':', '&#58;')}</code>`;
  const escaped = (words) =>
    words.replace(/`([^`]*)`|:/g, (part, code) => {
      if (part === ':') return '&#58;';
      return code.includes(':') ? asCode(code) : part;
    });
  return markdown.replace(/^(:[^:\n]+:)(.*)$/gm, (_, property, words) => property + escaped(words));
}
