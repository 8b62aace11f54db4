import { describe } from 'node:test';
import { lockRace } from './contenders';

describe('the lock of a directory', () => lockRace(100));
