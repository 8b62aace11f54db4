import type { JsonMember, JsonNode } from './json-tree';

/** Prints JSON: in one line, or indented by this many spaces. */
export function printJson(node: JsonNode, indent = 0): string {
  return print(node, indent, indent === 0 ? '' : '\n');
}

function print(node: JsonNode, indent: number, lineBreak: string): string {
  const inner = lineBreak === '' ? '' : lineBreak + ' '.repeat(indent);
  const joined = (parts: string[], [begin, end]: [string, string]): string =>
    parts.length === 0 ? begin + end : begin + inner + parts.join(`,${inner}`) + lineBreak + end;
  switch (node.kind) {
    case 'object': {
      const colon = lineBreak === '' ? ':' : ': ';
      const member = ({ key, value }: JsonMember): string =>
        JSON.stringify(key) + colon + print(value, indent, inner);
      return joined(node.members.map(member), ['{', '}']);
    }
    case 'array':
      return joined(
        node.items.map((item) => print(item, indent, inner)),
        ['[', ']'],
      );
    case 'number':
      return node.text;
    case 'string':
    case 'literal':
      return JSON.stringify(node.value);
  }
}
