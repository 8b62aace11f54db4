/** What the final status of a C-GET or C-MOVE means (PS3.4 Tables C.4-2 and C.4-3, PS3.7 9.1.3.1.6 and 9.1.4.1.7). */
export interface RetrieveVerdict {
  /** `partial`: some sub-operations failed, or have a warning. */
  end: 'success' | 'partial' | 'cancelled' | 'failed';
  /** The peer may answer otherwise in a moment. `untouched`: it is worth another try only where nothing has been moved. */
  again: 'never' | 'untouched' | 'always';
  words: string;
}

const failed = (words: string, again: RetrieveVerdict['again'] = 'never'): RetrieveVerdict => ({
  end: 'failed',
  again,
  words,
});

const STATUSES: readonly (readonly [mask: number, value: number, verdict: RetrieveVerdict])[] = [
  [0xffff, 0x0000, { end: 'success', again: 'never', words: 'success' }],
  [0xffff, 0xb000, { end: 'partial', again: 'never', words: 'some objects failed, or have a warning' }],
  [0xffff, 0xfe00, { end: 'cancelled', again: 'never', words: 'cancelled' }],
  [0xffff, 0xa701, failed('it has no resources to count the matches', 'always')],
  [0xffff, 0xa702, failed('it has no resources to send the objects', 'always')],
  [
    0xffff,
    0xa801,
    failed('it does not know the move destination: enter it there, with AE title, host and port'),
  ],
  [0xffff, 0xa900, failed('what is asked for does not fit the information model')],
  [0xffff, 0xaa00, failed('none of the frames that are asked for is in the object')],
  [0xffff, 0xaa01, failed('it cannot make a new object for this SOP class')],
  [0xffff, 0xaa02, failed('it cannot extract the frames')],
  [0xffff, 0xaa03, failed('the object has no times by which frames could be asked for')],
  [0xffff, 0xaa04, failed('the request is not valid')],
  [0xffff, 0x0105, failed('no such attribute')],
  [0xffff, 0x0106, failed('invalid attribute value')],
  [0xffff, 0x0110, failed('processing failure', 'always')],
  [0xffff, 0x0119, failed('class and instance conflict')],
  [0xffff, 0x0122, failed('SOP class not supported')],
  [0xffff, 0x0124, failed('not authorized')],
  [0xffff, 0x0210, failed('duplicate invocation')],
  [0xffff, 0x0211, failed('unrecognized operation')],
  [0xffff, 0x0212, failed('mistyped argument')],
  [0xffff, 0x0213, failed('resource limitation', 'always')],
  [0xff00, 0xa700, failed('out of resources', 'always')],
  [0xf000, 0xb000, { end: 'partial', again: 'never', words: 'warning' }],
  [0xf000, 0xc000, failed('it is unable to process the request', 'untouched')],
];

export function verdictOf(status: number): RetrieveVerdict {
  const [, , verdict] = STATUSES.find(([mask, value]) => (status & mask) === value) ?? [];
  return verdict ?? failed('failure');
}
