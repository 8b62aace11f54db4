import { powerCuts } from './power-cuts';

powerCuts(40);
